-- The database in which pg_cron, where the server has loaded it, keeps the jobs of all databases. Its setting is hidden from
-- most (and to ask for it is an error then), where its scheduler is connected is not.
SELECT d.datname::text
FROM pg_database AS d
WHERE d.datname = CASE WHEN pg_has_role('pg_read_all_settings', 'usage') THEN current_setting('cron.database_name', true)
                  ELSE (SELECT min(a.datname::text) FROM pg_stat_activity AS a
                        WHERE a.usesysid = 10 AND a.application_name = 'pg_cron scheduler') END
  AND d.datallowconn
