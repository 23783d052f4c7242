-- The database in which pg_cron keeps the jobs of all databases: the one that the server's setting names, else this one where
-- it has made its table; NULL where there is none.
SELECT coalesce(
    (SELECT d.datname::text
     FROM pg_catalog.pg_database AS d
     WHERE d.datname = current_setting('cron.database_name', true) AND d.datallowconn),
    (SELECT current_database()::text
     FROM pg_catalog.pg_extension AS e
     WHERE e.extname = 'pg_cron'))
