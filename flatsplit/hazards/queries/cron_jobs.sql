-- Jobs of pg_cron that run as legacy, or in this database as it. (The commands may hold anything and are not read.)
SELECT jobid::text, coalesce(to_jsonb(j) ->> 'jobname', ''), schedule::text, database::text
FROM cron.job AS j
WHERE username = %(legacy_name)s
ORDER BY jobid
