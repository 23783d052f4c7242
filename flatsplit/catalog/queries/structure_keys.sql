-- Foreign keys of tables in these schemas, those that a partition was given left out: columns here, table and columns there.
SELECT k.conrelid AS oid, (
           SELECT array_agg(a.attname::text ORDER BY u.place)
           FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, place)
           JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.attnum) AS here,
       CASE t.relkind WHEN 'p' THEN 'partitioned_table' ELSE 'table' END AS kind,
       n.nspname::text AS schema, t.relname::text AS name, (
           SELECT array_agg(a.attname::text ORDER BY u.place)
           FROM unnest(k.confkey) WITH ORDINALITY AS u (attnum, place)
           JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = u.attnum) AS there
FROM pg_constraint AS k
JOIN pg_class AS c ON c.oid = k.conrelid
JOIN pg_class AS t ON t.oid = k.confrelid
JOIN pg_namespace AS n ON n.oid = t.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0
  AND c.relnamespace IN (SELECT s.oid FROM pg_namespace AS s WHERE s.nspname = ANY (%s))
ORDER BY 1, k.conname
