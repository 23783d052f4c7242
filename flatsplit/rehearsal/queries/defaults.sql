-- Sequences that a column's default draws from, and routines of the application that it calls: what pg_attrdef depends on.
-- Identity columns have no default expression and need no privilege on their sequence (ExecInitExpr, NextValueExpr).
SELECT a.adrelid, t.attname::text, t.attnum, d.refclassid = 'pg_class'::regclass, d.refobjid
FROM pg_attrdef AS a
JOIN pg_attribute AS t ON t.attrelid = a.adrelid AND t.attnum = a.adnum AND t.attgenerated = ''
JOIN pg_depend AS d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid
WHERE a.adrelid >= 16384 AND d.refobjid >= 16384
  AND (d.refclassid = 'pg_proc'::regclass
       OR (d.refclassid = 'pg_class'::regclass AND (SELECT c.relkind FROM pg_class AS c WHERE c.oid = d.refobjid) = 'S'))
ORDER BY 1, 3, 4 DESC, 5
