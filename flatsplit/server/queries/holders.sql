-- Sessions of replication and of other servers' foreign tables: they connect by themselves, with a password of their own
-- configuration. NULLs where the operator may not see them.
SELECT usename::text, CASE backend_type WHEN 'walsender' THEN 'replication' ELSE 'foreign tables' END,
       coalesce(application_name, ''), coalesce(host(client_addr), 'local')
FROM pg_catalog.pg_stat_activity
WHERE usename = ANY (%(roles)s::text[]) AND (backend_type = 'walsender' OR application_name = 'postgres_fdw')
ORDER BY 1, 2, 3, 4
