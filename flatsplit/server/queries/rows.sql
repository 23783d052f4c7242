-- How many rows a relation has by the planner's estimate (NULL where nobody has counted yet), and whether row-level
-- security decides who sees which.
SELECT n.nspname::text AS schema, c.relname::text AS name,
       CASE WHEN c.relkind IN ('r', 'm') AND c.reltuples >= 0 THEN c.reltuples::float8 END AS rows,
       c.relrowsecurity AS secured
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid >= 16384 AND (c.relkind IN ('r', 'm') OR c.relrowsecurity) AND n.nspname !~ '^pg_(toast_)?temp_'
