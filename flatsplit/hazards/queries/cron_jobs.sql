-- Jobs of pg_cron that run as legacy or a member of it. (The commands may hold anything and are not read.)
SELECT jobid::text, coalesce(to_jsonb(j) ->> 'jobname', ''), schedule::text, database::text, username::text
FROM cron.job AS j
WHERE username = ANY (%(acting_names)s)
ORDER BY jobid
