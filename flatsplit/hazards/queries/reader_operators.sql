-- Routines closed to PUBLIC that reading a relation takes without naming them: behind operators and casts on the types of
-- its columns other than the server's own, and behind operators by which its indexes are searched. By relation and routine,
-- with the columns: none where an index is on an expression.
WITH RECURSIVE closed AS (
    SELECT p.oid
    FROM pg_proc AS p
    WHERE p.proacl IS NOT NULL
      AND NOT EXISTS (SELECT FROM aclexplode(p.proacl) AS a WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE')
), within AS ( -- a domain is of another type, an array has elements
    SELECT t.oid AS type, t.oid AS part FROM pg_type AS t WHERE EXISTS (SELECT FROM closed)
    UNION
    SELECT w.type, b.part
    FROM within AS w
    JOIN pg_type AS t ON t.oid = w.part
    CROSS JOIN LATERAL (VALUES (t.typbasetype), (CASE WHEN t.typlen = -1 THEN t.typelem END)) AS b (part)
    WHERE b.part >= 16384
), behind AS (
    SELECT s.type, o.oprcode::oid AS routine
    FROM pg_operator AS o
    CROSS JOIN LATERAL (VALUES (o.oprleft), (o.oprright)) AS s (type)
    WHERE s.type >= 16384 AND o.oprcode IN (SELECT oid FROM closed)
    UNION
    SELECT c.castsource, c.castfunc FROM pg_cast AS c WHERE c.castsource >= 16384 AND c.castfunc IN (SELECT oid FROM closed)
), needed AS (
    SELECT a.attrelid AS relation, b.routine, a.attnum AS field
    FROM behind AS b
    JOIN within AS w ON w.part = b.type
    JOIN pg_attribute AS a ON a.atttypid = w.type AND a.attnum > 0
    UNION
    SELECT i.indrelid, o.oprcode::oid, f.number
    FROM pg_operator AS o
    JOIN pg_amop AS m ON m.amopopr IN (o.oid, o.oprcom)
    JOIN pg_opclass AS k ON k.opcfamily = m.amopfamily
    JOIN pg_index AS i ON k.oid = ANY (i.indclass)
    CROSS JOIN LATERAL unnest(i.indkey) AS f (number)
    WHERE o.oprcode IN (SELECT oid FROM closed)
)
SELECT k.kind, cn.nspname::text, c.relname::text,
       CASE WHEN every(a.attname IS NOT NULL) THEN array_agg(a.attname::text ORDER BY a.attname) ELSE '{}' END,
       'function', pn.nspname::text, p.proname::text,
       pg_get_function_identity_arguments(p.oid)
FROM needed AS w
JOIN pg_class AS c ON c.oid = w.relation
JOIN pg_namespace AS cn ON cn.oid = c.relnamespace
JOIN pg_proc AS p ON p.oid = w.routine
JOIN pg_namespace AS pn ON pn.oid = p.pronamespace
LEFT JOIN pg_attribute AS a ON a.attrelid = w.relation AND a.attnum = w.field AND a.attnum > 0
JOIN (VALUES ('r', 'table'), ('p', 'partitioned_table'), ('f', 'foreign_table'), ('v', 'view'), ('m', 'materialized_view'))
    AS k (letter, kind) ON k.letter = c.relkind::text
GROUP BY k.kind, cn.nspname, c.relname, pn.nspname, p.oid, p.proname
ORDER BY 2, 3, 6, 7, 8;
