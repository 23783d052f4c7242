-- Sequences that belong to a column, of serial (a) and identity (i) columns: what RESTART IDENTITY restarts.
SELECT d.refobjid, t.attname::text, t.attnum, d.objid
FROM pg_depend AS d
JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_attribute AS t ON t.attrelid = d.refobjid AND t.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
  AND d.refobjsubid > 0
