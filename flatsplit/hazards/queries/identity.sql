-- Stored expressions of the application that ask who the user is: column defaults and generated columns, policies,
-- check constraints, trigger conditions and the rules of views; of a default where it stands. The stored trees are looked at as text, because
-- printing them (pg_get_viewdef) would wait for whoever holds a table. CURRENT_ROLE, CURRENT_USER, USER and SESSION_USER
-- are operations 9 to 12 of SQLValueFunction (SQLValueFunctionOp in primnodes.h).
WITH mine AS (
    SELECT c.oid, n.nspname || '.' || c.relname AS name, n.nspname::text AS schema, c.relname::text AS relation
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relowner = ANY (%(owners)s::oid[]) AND n.nspname <> 'flatsplit'
      AND c.oid >= 16384 -- the bootstrap superuser owns the catalog too
      AND NOT EXISTS (SELECT FROM pg_depend AS e
                      WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
), found AS (
    SELECT 'default' AS what, m.name || '.' || a.attname AS name, d.adbin::text AS tree,
           ARRAY[m.schema, m.relation, a.attname::text] AS place
    FROM pg_attrdef AS d
    JOIN mine AS m ON m.oid = d.adrelid
    JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    UNION ALL
    SELECT 'policy', p.polname || ' on ' || m.name, coalesce(p.polqual::text, '') || coalesce(p.polwithcheck::text, ''),
           NULL
    FROM pg_policy AS p
    JOIN mine AS m ON m.oid = p.polrelid
    UNION ALL
    SELECT 'constraint', k.conname || ' on ' || m.name, k.conbin::text, NULL
    FROM pg_constraint AS k
    JOIN mine AS m ON m.oid = k.conrelid
    WHERE k.conbin IS NOT NULL
    UNION ALL
    SELECT 'trigger', t.tgname || ' on ' || m.name, t.tgqual::text, NULL
    FROM pg_trigger AS t
    JOIN mine AS m ON m.oid = t.tgrelid
    WHERE t.tgqual IS NOT NULL
    UNION ALL
    SELECT 'view', m.name, r.ev_action::text || r.ev_qual::text, NULL
    FROM pg_rewrite AS r
    JOIN mine AS m ON m.oid = r.ev_class
)
SELECT DISTINCT f.what, f.name::text, f.place
FROM found AS f
-- LIKE first: it is many times as fast, and almost no tree has either
WHERE (f.tree LIKE '%%SQLVALUEFUNCTION%%' AND f.tree ~ '\{SQLVALUEFUNCTION :op (9|10|11|12)[ }]')
   OR (f.tree LIKE '%%:funcid 7%%' AND f.tree ~ '\{FUNCEXPR :funcid (745|746|710) ')
ORDER BY 1, 2
