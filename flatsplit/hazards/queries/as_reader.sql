-- What runs with the privileges of whoever reads a relation of the application's or of a schema in scope: relations that
-- its policies read and routines closed to PUBLIC that they call, if the policies are for everybody, legacy or app_user
-- (manual, "Row Security Policies"); such routines in a view, or in views beneath it, whoever owns those, and the relations
-- of one that is security_invoker ("Rules and Privileges"). By relation, whether it is for reading, and what is needed.
WITH RECURSIVE closed AS (
    SELECT p.oid
    FROM pg_proc AS p
    WHERE p.proacl IS NOT NULL
      AND NOT EXISTS (SELECT FROM aclexplode(p.proacl) AS a WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE')
), runs AS ( -- what calls them when an expression is worked out: itself, as an operator, as a domain's check
    SELECT 'pg_proc'::regclass::oid AS classid, c.oid AS objid, c.oid AS routine FROM closed AS c
    UNION
    SELECT b.classid, b.objid, r.routine
    FROM runs AS r
    CROSS JOIN LATERAL (
        SELECT 'pg_operator'::regclass::oid AS classid, o.oid AS objid
        FROM pg_operator AS o
        WHERE r.classid = 'pg_proc'::regclass AND o.oprcode = r.objid
        UNION ALL
        SELECT 'pg_type'::regclass, k.contypid
        FROM pg_depend AS d
        JOIN pg_constraint AS k ON k.oid = d.objid AND k.contypid <> 0
        WHERE d.classid = 'pg_constraint'::regclass AND d.refclassid = r.classid AND d.refobjid = r.objid
        UNION ALL
        SELECT 'pg_type'::regclass, t.oid
        FROM pg_type AS t
        WHERE r.classid = 'pg_type'::regclass AND t.typtype = 'd' AND t.typbasetype = r.objid) AS b
), uses AS (
    SELECT r.ev_class AS view, d.refclassid, d.refobjid, EXISTS (
               SELECT FROM pg_options_to_table(v.reloptions) AS o
               WHERE o.option_name = 'security_invoker' AND o.option_value::boolean) AS invoker
    FROM pg_rewrite AS r
    JOIN pg_class AS v ON v.oid = r.ev_class
    JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.deptype = 'n'
    WHERE v.relkind = 'v' AND v.oid >= 16384 AND r.ev_type = '1'
), above AS (
    SELECT u.view AS relation, r.routine
    FROM uses AS u
    JOIN runs AS r ON (r.classid, r.objid) = (u.refclassid, u.refobjid)
    UNION
    SELECT u.view, a.routine
    FROM above AS a
    JOIN uses AS u ON u.refclassid = 'pg_class'::regclass AND u.refobjid = a.relation
), invoked AS ( -- through views that are security_invoker (15 and later), one on the other
    SELECT u.view AS relation, u.refobjid AS used
    FROM uses AS u
    WHERE u.invoker AND u.refclassid = 'pg_class'::regclass AND u.refobjid <> u.view
    UNION
    SELECT i.relation, u.refobjid
    FROM invoked AS i
    JOIN uses AS u ON u.view = i.used AND u.invoker AND u.refclassid = 'pg_class'::regclass AND u.refobjid <> u.view
), needed AS (
    SELECT p.polrelid AS relation, p.polcmd IN ('r', '*') AS reads, f.routine, u.oid AS used
    FROM pg_policy AS p
    JOIN pg_depend AS d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.deptype = 'n'
    LEFT JOIN runs AS f ON (f.classid, f.objid) = (d.refclassid, d.refobjid)
    LEFT JOIN pg_class AS u ON d.refclassid = 'pg_class'::regclass AND u.oid = d.refobjid AND u.oid <> p.polrelid
    WHERE (p.polroles = '{0}' OR p.polroles && %(readers)s::oid[]) AND (f.routine IS NOT NULL OR u.oid IS NOT NULL)
    UNION
    SELECT relation, true, routine, NULL FROM above
    UNION
    SELECT relation, true, NULL, used FROM invoked
)
SELECT k.kind, cn.nspname::text, c.relname::text, w.reads,
       CASE WHEN p.oid IS NULL THEN uk.kind WHEN p.prokind = 'a' THEN 'aggregate' ELSE 'function' END,
       coalesce(pn.nspname, un.nspname)::text, coalesce(p.proname, u.relname)::text,
       coalesce(CASE p.prokind
           WHEN 'a' THEN (
               SELECT string_agg(format_type(a.type, NULL), ', ' ORDER BY a.position)
               FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (type, position))
           ELSE pg_get_function_identity_arguments(p.oid) END, '')
FROM needed AS w
JOIN pg_class AS c ON c.oid = w.relation
JOIN pg_namespace AS cn ON cn.oid = c.relnamespace
LEFT JOIN pg_proc AS p ON p.oid = w.routine
LEFT JOIN pg_namespace AS pn ON pn.oid = p.pronamespace
LEFT JOIN pg_class AS u ON u.oid = w.used
LEFT JOIN pg_namespace AS un ON un.oid = u.relnamespace
JOIN (VALUES ('r', 'table'), ('p', 'partitioned_table'), ('v', 'view')) AS k (letter, kind) ON k.letter = c.relkind::text
LEFT JOIN (VALUES ('r', 'table'), ('p', 'partitioned_table'), ('f', 'foreign_table'), ('v', 'view'),
                  ('m', 'materialized_view'), ('S', 'sequence')) AS uk (letter, kind) ON uk.letter = u.relkind::text
WHERE (c.relrowsecurity OR c.relkind = 'v')
  AND (c.relowner = ANY (%(owners)s::oid[]) OR cn.nspname = ANY (%(schemas)s::text[]))
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
