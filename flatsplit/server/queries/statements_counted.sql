-- What decides whether every statement of a role is counted: where the extension lives, whether it tells of evictions
-- (1.9, PostgreSQL 14), what is tracked, how much room there is, since when the server runs; and whether the role has a
-- tracking of its own.
SELECT n.nspname::text AS schema,
       string_to_array(e.extversion, '.')::int[] >= '{1,9}' AS informed,
       coalesce(current_setting('pg_stat_statements.track', true), 'none') AS track,
       coalesce(current_setting('pg_stat_statements.track_utility', true), 'off') AS utility,
       coalesce(current_setting('pg_stat_statements.max', true), '0')::int AS room,
       pg_postmaster_start_time()::text AS started,
       EXISTS (SELECT FROM pg_db_role_setting AS s LEFT JOIN pg_roles AS r ON r.oid = s.setrole
               WHERE coalesce(r.rolname = %(role)s, true)
                 AND EXISTS (SELECT FROM unnest(s.setconfig) AS c WHERE c LIKE 'pg\_stat\_statements.track%%=%%')) AS own
FROM pg_extension AS e
JOIN pg_namespace AS n ON n.oid = e.extnamespace
JOIN pg_proc AS p ON p.pronamespace = n.oid AND p.proname = 'pg_stat_statements'
JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname = 'c'
JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
     AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
WHERE e.extname = 'pg_stat_statements'
