-- Whether an operator (or a function, by name) on a column may tell of rows that a policy hides: no index serves it then
-- below the policy (restriction_is_securely_promotable() in restrictinfo.c). With an index that serves it otherwise; for a
-- function one of expressions. Of several operators the server picks by the other side: one that is safe is enough.
SELECT NOT bool_or(f.proleakproof), (
    SELECT i.indexrelid::regclass::text
    FROM pg_index AS i
    WHERE i.indrelid = a.attrelid AND (bool_or(f.operator) AND a.attnum = ANY (i.indkey) OR i.indexprs IS NOT NULL AND EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refclassid = 'pg_class'::regclass
          AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum))
    ORDER BY i.indexrelid LIMIT 1) AS index
FROM pg_attribute AS a
JOIN pg_type AS t ON t.oid = a.atttypid
CROSS JOIN LATERAL (
    SELECT p.proleakproof, true AS operator
    FROM pg_operator AS o JOIN pg_proc AS p ON p.oid = o.oprcode
    WHERE o.oprname = %s AND o.oprleft IN (
        t.oid, CASE t.typcategory WHEN 'S' THEN 'text'::regtype WHEN 'A' THEN 'anyarray'::regtype
                                  WHEN 'E' THEN 'anyenum'::regtype WHEN 'R' THEN 'anyrange'::regtype END)
    UNION ALL
    SELECT p.proleakproof, false FROM pg_proc AS p WHERE p.proname = %s AND p.pronargs > 0) AS f
WHERE a.attrelid = %s AND a.attname = %s AND NOT a.attisdropped
GROUP BY a.attrelid, a.attnum
