-- Who receives WAL: application, role, state, replay lag in seconds; NULLs where the operator may not see them.
SELECT coalesce(application_name, ''), usename::text, coalesce(state, ''), extract(epoch FROM replay_lag)::float8,
       usesysid = %(legacy)s::oid
FROM pg_stat_replication
ORDER BY 1, 2
