-- Routines of the application that reading (r) or writing (w) a relation calls with the rights of whoever does it:
-- in a view, a generated column, a check, an index, a trigger's condition, the key of partitions. Not in a default, which
-- is used for some statements only (defaults.sql).
SELECT r.ev_class AS relation, 'r' AS when, d.refobjid AS routine
FROM pg_rewrite AS r
JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
WHERE r.ev_type = '1' AND d.refclassid = 'pg_proc'::regclass AND d.refobjid >= 16384
UNION
SELECT a.adrelid, 'w', d.refobjid
FROM pg_attrdef AS a
JOIN pg_attribute AS c ON c.attrelid = a.adrelid AND c.attnum = a.adnum AND c.attgenerated <> ''
JOIN pg_depend AS d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid
WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid >= 16384
UNION
-- Until 14 a generated column hangs on it by itself (StoreAttrDefault() in heap.c)
SELECT d.objid, 'w', d.refobjid
FROM pg_depend AS d
JOIN pg_attribute AS a ON a.attrelid = d.objid AND a.attnum = d.objsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_proc'::regclass AND d.refobjid >= 16384
  AND a.attgenerated <> ''
UNION
SELECT k.conrelid, 'w', d.refobjid
FROM pg_constraint AS k
JOIN pg_depend AS d ON d.classid = 'pg_constraint'::regclass AND d.objid = k.oid
WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid >= 16384 AND k.conrelid <> 0
UNION
SELECT i.indrelid, 'w', d.refobjid
FROM pg_index AS i
JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid >= 16384
UNION
SELECT t.tgrelid, 'w', d.refobjid
FROM pg_trigger AS t
JOIN pg_depend AS d ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid
WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid >= 16384 AND d.refobjid <> t.tgfoid
UNION
SELECT t.relid, 'w', d.refobjid
FROM pg_partitioned_table AS p
JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = p.partrelid AND d.objsubid = 0
CROSS JOIN LATERAL pg_partition_tree(p.partrelid) AS t
WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid >= 16384
