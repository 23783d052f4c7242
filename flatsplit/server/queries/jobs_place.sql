-- The database in which pg_cron keeps the jobs of all databases: the one that the server's setting names, else this one where
-- it has made its table; NULL where there is none. The setting is hidden from most (and to ask for it is an error then),
-- where its scheduler is connected is not.
SELECT coalesce(
    (SELECT d.datname::text
     FROM pg_catalog.pg_database AS d
     WHERE d.datname = CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN current_setting('cron.database_name', true)
                       ELSE (SELECT min(a.datname::text) FROM pg_catalog.pg_stat_activity AS a
                             WHERE a.usesysid = 10 AND a.application_name = 'pg_cron scheduler') END
       AND d.datallowconn),
    (SELECT current_database()::text
     FROM pg_catalog.pg_extension AS e
     WHERE e.extname = 'pg_cron'))
