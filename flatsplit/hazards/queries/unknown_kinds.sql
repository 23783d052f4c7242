-- What is of a kind that the reader of the catalog does not ask for, whoever owns it.
SELECT 'pg_class.relkind ' || c.relkind::text AS what, n.nspname || '.' || c.relname AS name
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid >= 16384 AND c.relkind::text <> ALL (%(relkinds)s::text[]) AND n.nspname !~ '^pg_(toast|temp)'
UNION ALL
SELECT 'pg_proc.prokind ' || p.prokind::text, p.oid::regprocedure::text
FROM pg_proc AS p
WHERE p.oid >= 16384 AND p.prokind NOT IN ('f', 'p', 'a', 'w')
UNION ALL
SELECT 'pg_type.typtype ' || t.typtype::text, n.nspname || '.' || t.typname
FROM pg_type AS t
JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE t.oid >= 16384 AND t.typtype NOT IN ('b', 'c', 'd', 'e', 'p', 'r', 'm')
ORDER BY 1, 2
