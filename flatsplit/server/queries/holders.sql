-- Sessions of replication and of other servers' foreign tables: they connect by themselves, with a password of their own
-- configuration. Whose backend_type is hidden from the operator is found by its process among those that send WAL; the
-- address is NULL where it is hidden.
SELECT a.usename::text, CASE WHEN a.backend_type = 'walsender' OR w.pid IS NOT NULL THEN 'replication' ELSE 'foreign tables' END,
       coalesce(a.application_name, ''),
       CASE WHEN a.backend_start IS NOT NULL THEN coalesce(host(a.client_addr), 'local') END
FROM pg_catalog.pg_stat_activity AS a
LEFT JOIN pg_catalog.pg_stat_replication AS w ON w.pid = a.pid
WHERE a.usename = ANY (%(roles)s::text[])
  AND (a.backend_type = 'walsender' OR w.pid IS NOT NULL OR a.application_name = 'postgres_fdw')
ORDER BY 1, 2, 3, 4
