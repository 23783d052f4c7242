-- Routines with their owner's rights that the group may call. Aggregates with them, since of their functions the server
-- asks only whether the aggregate's owner may call them; and what the group may call but for the schema, where what it uses
-- calls it: a default, a view, an operator.
WITH who AS (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = %(group)s), definers AS (
    SELECT p.oid, p.proowner FROM pg_proc AS p WHERE p.prosecdef
    UNION
    SELECT a.aggfnoid::oid, p.proowner
    FROM pg_aggregate AS a
    JOIN pg_proc AS p ON p.prosecdef AND p.oid IN (
        a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggminvtransfn,
        a.aggmfinalfn)
), used AS (
    SELECT d.refobjid AS oid, coalesce(f.adrelid, k.conrelid, v.ev_class, 0) AS relation
    FROM pg_depend AS d
    LEFT JOIN pg_attrdef AS f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
    LEFT JOIN pg_constraint AS k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
    LEFT JOIN pg_rewrite AS v ON d.classid = 'pg_rewrite'::regclass AND v.oid = d.objid
    WHERE d.refclassid = 'pg_proc'::regclass AND d.classid <> 'pg_trigger'::regclass
)
SELECT n.nspname::text AS schema, p.oid::regprocedure::text AS name, pg_get_userbyid(o.proowner)::text AS owner
FROM definers AS o
JOIN pg_proc AS p ON p.oid = o.oid
JOIN pg_namespace AS n ON n.oid = p.pronamespace
CROSS JOIN who AS w
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
  AND has_function_privilege(w.oid, p.oid, 'EXECUTE')
  AND (has_schema_privilege(w.oid, n.oid, 'USAGE') OR EXISTS (
      SELECT FROM used AS u
      WHERE u.oid = p.oid AND (u.relation = 0 OR has_any_column_privilege(w.oid, u.relation, 'SELECT, INSERT, UPDATE'))))
ORDER BY 1, 2, 3
