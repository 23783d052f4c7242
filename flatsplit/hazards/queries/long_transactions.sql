-- Transactions of this database that other sessions have open, the oldest first: process, role, program, state, age in
-- seconds. (What they run may hold anything and is not read.)
SELECT pid, usename::text, coalesce(application_name, ''), state, extract(epoch FROM clock_timestamp() - xact_start)::float8
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
  AND backend_type IN ('client backend', 'parallel worker', 'logical replication worker')
ORDER BY xact_start
