-- Jobs of pg_cron that run as one of the roles: as whom, number, name, database. (Of their commands nothing is read.)
SELECT j.username::text, j.jobid::text, coalesce(to_jsonb(j) ->> 'jobname', ''), j.database::text
FROM cron.job AS j
WHERE j.username = ANY (%(roles)s::text[])
ORDER BY 1, length(j.jobid::text), 2
