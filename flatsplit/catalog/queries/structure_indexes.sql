-- Indexes of tables in these schemas that hold for all rows: the numbers of their key columns (0 for an expression), whether
-- they are unique, whether they are the primary key, whether a usable one begins with its first column. The names of the
-- columns are known by then: to fetch them for each index takes longer than all the rest.
SELECT i.indrelid AS oid, (i.indkey::int2[])[0:i.indnkeyatts - 1] AS columns,
       i.indisunique AND i.indexprs IS NULL AS is_unique, i.indisprimary AS is_primary,
       m.amname = 'btree' OR m.amname = 'hash' AND i.indnkeyatts = 1 AS leads
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indrelid
JOIN pg_class AS x ON x.oid = i.indexrelid
JOIN pg_am AS m ON m.oid = x.relam
WHERE i.indisvalid AND i.indpred IS NULL
  AND c.relnamespace IN (SELECT s.oid FROM pg_namespace AS s WHERE s.nspname = ANY (%s))
ORDER BY 1, x.relname
