-- Asked in another database, that of pg_cron's: jobs that run as legacy. Of their commands nothing is read.
SELECT jobid::text, coalesce(to_jsonb(j) ->> 'jobname', ''), schedule::text, database::text
FROM cron.job AS j
WHERE username = %(legacy_name)s
ORDER BY jobid
