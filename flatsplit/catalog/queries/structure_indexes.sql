-- Indexes of tables in these schemas that hold for all rows: their key columns where all are columns, whether they are
-- unique, whether they are the primary key; and the column that a usable one begins with.
SELECT i.indrelid AS oid, coalesce((
           SELECT array_agg(a.attname::text ORDER BY u.place)
           FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS u (attnum, place)
           JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
           WHERE u.place <= i.indnkeyatts), '{}') AS columns,
       i.indisunique AND i.indexprs IS NULL AS is_unique, i.indisprimary AS is_primary, (
           SELECT a.attname::text FROM pg_attribute AS a
           WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND i.indkey[0] > 0
             AND m.amname IN ('btree', 'hash') AND (m.amname = 'btree' OR i.indnkeyatts = 1)) AS leading
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indrelid
JOIN pg_class AS x ON x.oid = i.indexrelid
JOIN pg_am AS m ON m.oid = x.relam
WHERE i.indisvalid AND i.indpred IS NULL
  AND c.relnamespace IN (SELECT s.oid FROM pg_namespace AS s WHERE s.nspname = ANY (%s))
ORDER BY 1, x.relname
