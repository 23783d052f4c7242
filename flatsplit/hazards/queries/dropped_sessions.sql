-- Sessions of this database whose role was dropped: process, program, address. A join with pg_roles never shows them.
SELECT a.pid, coalesce(a.application_name, ''), coalesce(host(a.client_addr), 'local')
FROM pg_stat_activity AS a
WHERE a.datname = current_database() AND a.usesysid <> 0
  AND NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = a.usesysid)
ORDER BY 1
