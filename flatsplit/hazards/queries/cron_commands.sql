-- Commands of pg_cron's jobs in this database; they are looked at for the old role's name and never shown.
SELECT jobid::text, command::text
FROM cron.job
WHERE database = current_database()
ORDER BY jobid
