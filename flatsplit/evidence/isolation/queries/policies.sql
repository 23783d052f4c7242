-- Policies of every table of these schemas: for whom, for what, and what they say. Asked with names in quotes.
SELECT n.nspname::text AS schema, c.relname::text AS name, p.polname::text AS policy, p.polpermissive, p.polcmd::text,
       CASE WHEN p.polroles @> ARRAY[0::oid] THEN ARRAY[''] ELSE
           ARRAY(SELECT r.rolname::text FROM pg_roles AS r WHERE r.oid = ANY (p.polroles) ORDER BY 1) END AS roles,
       coalesce(pg_get_expr(p.polqual, p.polrelid), '') AS using,
       coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') AS check
FROM pg_policy AS p
JOIN pg_class AS c ON c.oid = p.polrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s)
ORDER BY 1, 2, 3
