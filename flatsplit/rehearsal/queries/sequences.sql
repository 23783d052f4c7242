-- Sequences that a column's default draws from: pg_depend of pg_attrdef on pg_class. Identity columns have no default
-- expression and need no privilege on their sequence (ExecInitExpr, NextValueExpr).
SELECT a.adrelid, t.attname::text, t.attnum, d.refobjid
FROM pg_attrdef AS a
JOIN pg_attribute AS t ON t.attrelid = a.adrelid AND t.attnum = a.adnum
JOIN pg_depend AS d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid
                   AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> a.adrelid
JOIN pg_class AS s ON s.oid = d.refobjid AND s.relkind = 'S'
WHERE a.adrelid >= 16384
