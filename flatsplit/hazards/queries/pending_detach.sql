-- Partitions whose DETACH PARTITION CONCURRENTLY has not come to its end: schema and name, whose, and of which table.
SELECT n.nspname::text, c.relname::text, pg_get_userbyid(c.relowner)::text, s.nspname::text, p.relname::text
FROM pg_inherits AS i
JOIN pg_class AS c ON c.oid = i.inhrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_class AS p ON p.oid = i.inhparent
JOIN pg_namespace AS s ON s.oid = p.relnamespace
WHERE i.inhdetachpending
ORDER BY 1, 2
