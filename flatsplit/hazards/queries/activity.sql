-- Programs that are connected, by role: this database's and, for replication, the whole server's.
SELECT DISTINCT a.usename::text, a.application_name
FROM pg_stat_activity AS a
WHERE a.usename IS NOT NULL AND a.application_name <> '' AND a.pid <> pg_backend_pid()
  AND (a.datname = current_database() OR a.datname IS NULL)
ORDER BY 1, 2
