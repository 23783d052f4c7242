-- Row-level security policies and the roles they are for; 0 stands for PUBLIC.
SELECT p.oid, n.nspname::text AS schema, c.relname::text AS name, p.polname::text AS policy, p.polroles AS roles
FROM pg_policy AS p
JOIN pg_class AS c ON c.oid = p.polrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
