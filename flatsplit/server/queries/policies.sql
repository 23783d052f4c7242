-- Permissive policies under which rows can be read; their roles are in the State.
SELECT n.nspname::text AS schema, c.relname::text AS name, p.polname::text AS policy
FROM pg_policy AS p
JOIN pg_class AS c ON c.oid = p.polrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE p.polpermissive AND p.polcmd IN ('r', '*')
