-- Tables whose policies count, and those where they count for the owner too.
SELECT CASE c.relkind WHEN 'r' THEN 'table' ELSE 'partitioned_table' END AS kind,
       n.nspname::text AS schema, c.relname::text AS name, c.relrowsecurity, c.relforcerowsecurity
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE (c.relrowsecurity OR c.relforcerowsecurity) AND c.relkind IN ('r', 'p')
