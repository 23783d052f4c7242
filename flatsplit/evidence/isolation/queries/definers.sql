-- Routines with their owner's rights that the group may call.
SELECT n.nspname::text AS schema, p.oid::regprocedure::text AS name, pg_get_userbyid(p.proowner)::text AS owner
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
CROSS JOIN (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = %(group)s) AS w
WHERE p.prosecdef AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
  AND has_function_privilege(w.oid, p.oid, 'EXECUTE') AND has_schema_privilege(w.oid, n.oid, 'USAGE')
ORDER BY 1, 2
