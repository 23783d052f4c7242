-- Foreign keys that may be checked at the end of a transaction, with their columns; whether they are by themselves.
SELECT n.nspname::text, c.relname::text,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u (number, place)
             JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = u.number ORDER BY u.place),
       k.condeferred
FROM pg_constraint AS k
JOIN pg_class AS c ON c.oid = k.conrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.condeferrable AND k.conparentid = 0
ORDER BY 1, 2, k.conname
