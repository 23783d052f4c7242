-- The database in which pg_cron, where the server has loaded it, keeps the jobs of all databases.
SELECT s.place
FROM current_setting('cron.database_name', true) AS s (place)
JOIN pg_database AS d ON d.datname = s.place AND d.datallowconn
