-- Jobs of pg_cron that run as one of the new roles. (The commands may hold anything and are not read.)
SELECT jobid::text, coalesce(to_jsonb(j) ->> 'jobname', ''), schedule::text, database::text, username::text
FROM cron.job AS j
WHERE username = ANY (%(new_names)s)
ORDER BY jobid
