-- Unique indexes and exclusion constraints of tables of these schemas with the columns they compare.
SELECT n.nspname::text AS schema, c.relname::text AS table, x.relname::text AS name, i.indisprimary, coalesce((
           SELECT array_agg(a.attname::text ORDER BY u.place)
           FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS u (attnum, place)
           JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
           WHERE u.place <= i.indnkeyatts), '{}') AS columns
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indrelid
JOIN pg_class AS x ON x.oid = i.indexrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE (i.indisunique OR i.indisexclusion) AND n.nspname = ANY (%(schemas)s)
  AND NOT c.relispartition
ORDER BY 1, 2, 3
