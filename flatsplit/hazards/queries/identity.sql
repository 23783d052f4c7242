-- Stored expressions of the application that ask who the user is: defaults of columns and domains, generated columns,
-- policies, check constraints, trigger conditions, views and rules; of a default where it stands. The stored trees are
-- looked at as text, because printing them (pg_get_viewdef) would wait for whoever holds a table. CURRENT_ROLE,
-- CURRENT_USER, USER and SESSION_USER are operations 9 to 12 of SQLValueFunction (SQLValueFunctionOp in primnodes.h).
WITH tree AS (
\ir stored_trees.sql
), hit AS MATERIALIZED (
    -- Before anything is joined to them: of many thousand trees few ask. LIKE first: it is many times as fast as a pattern
    SELECT t.*
    FROM tree AS t
    WHERE greatest(t.relation, t.type) >= 16384 -- the bootstrap superuser owns the catalog too
      AND ((t.tree LIKE '%%SQLVALUEFUNCTION%%' AND t.tree ~ '\{SQLVALUEFUNCTION :op (9|10|11|12)[ }]')
           OR (t.tree LIKE '%%:funcid 7%%' AND t.tree ~ '\{FUNCEXPR :funcid (745|746|710) '))
), place AS (
    SELECT 'pg_class'::regclass AS classid, c.oid, c.relnamespace AS namespace, c.relname AS name, c.relowner AS owner
    FROM pg_class AS c
    UNION ALL
    SELECT 'pg_type'::regclass, t.oid, t.typnamespace, t.typname, t.typowner
    FROM pg_type AS t
)
SELECT DISTINCT h.what, (h.first || n.nspname || '.' || p.name || coalesce('.' || a.attname, ''))::text,
       CASE WHEN h.what IN ('default', 'default of')
            THEN array_remove(ARRAY[n.nspname::text, p.name::text, a.attname::text], NULL) END
FROM hit AS h
JOIN place AS p ON (p.classid = 'pg_class'::regclass AND p.oid = h.relation
                    OR p.classid = 'pg_type'::regclass AND p.oid = h.type)
               AND p.owner = ANY (%(owners)s::oid[])
JOIN pg_namespace AS n ON n.oid = p.namespace AND n.nspname <> 'flatsplit'
LEFT JOIN pg_attribute AS a ON a.attrelid = h.relation AND a.attnum = h.attnum AND h.attnum > 0
WHERE NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = p.classid AND e.objid = p.oid AND e.deptype = 'e')
ORDER BY 1, 2
