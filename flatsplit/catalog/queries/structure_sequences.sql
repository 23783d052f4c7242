-- Sequences that columns of tables in these schemas take their values from: owned by a column (serial, identity), or
-- named by its default.
SELECT s.oid, s.schema, s.name
FROM (
    SELECT d.refobjid AS oid, n.nspname::text AS schema, q.relname::text AS name
    FROM pg_depend AS d
    JOIN pg_class AS q ON q.oid = d.objid AND q.relkind = 'S'
    JOIN pg_namespace AS n ON n.oid = q.relnamespace
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
      AND d.deptype IN ('a', 'i')
    UNION
    SELECT e.adrelid, n.nspname::text, q.relname::text
    FROM pg_attrdef AS e
    JOIN pg_depend AS d ON d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid AND d.refclassid = 'pg_class'::regclass
    JOIN pg_class AS q ON q.oid = d.refobjid AND q.relkind = 'S'
    JOIN pg_namespace AS n ON n.oid = q.relnamespace) AS s
JOIN pg_class AS c ON c.oid = s.oid
WHERE c.relnamespace IN (SELECT s.oid FROM pg_namespace AS s WHERE s.nspname = ANY (%s))
ORDER BY 1, 2, 3
