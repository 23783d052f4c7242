-- Where sessions are looked at or ended: routines in scope that run as their caller, and what clients run just now.
SELECT p.oid::regprocedure::text
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = ANY (%(schemas)s) AND NOT p.prosecdef
  AND p.prosrc ~* 'pg_stat_activity|pg_cancel_backend|pg_terminate_backend'
  AND NOT EXISTS (SELECT FROM pg_depend AS d
                  WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
UNION
SELECT 'a session of ' || a.usename || coalesce(' (' || nullif(a.application_name, '') || ')', '')
FROM pg_stat_activity AS a
WHERE a.datname = current_database() AND (a.usename = ANY (%(acting_names)s) OR a.usename = ANY (%(new_names)s))
  AND a.query ~* 'pg_stat_activity|pg_cancel_backend|pg_terminate_backend'
ORDER BY 1
