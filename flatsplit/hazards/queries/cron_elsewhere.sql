-- Asked in another database, that of pg_cron's: jobs that run as legacy or a member of it. Of their commands nothing is read.
SELECT jobid::text, coalesce(to_jsonb(j) ->> 'jobname', ''), schedule::text, database::text, username::text
FROM cron.job AS j
WHERE username = ANY (%(acting_names)s)
ORDER BY jobid
