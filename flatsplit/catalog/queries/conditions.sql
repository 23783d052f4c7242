-- What each policy says. Deparsing one that asks other tables locks those for a moment (ACCESS SHARE), so this is asked
-- with names in quotes, and in a savepoint that lets go of them.
SELECT n.nspname::text AS schema, c.relname::text AS name, p.polname::text AS policy, p.polpermissive, p.polcmd::text,
       coalesce(pg_get_expr(p.polqual, p.polrelid), '') AS using,
       coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') AS check
FROM pg_policy AS p
JOIN pg_class AS c ON c.oid = p.polrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
