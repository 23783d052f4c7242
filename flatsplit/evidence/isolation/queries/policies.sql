-- Policies of every table of these schemas: for whom, for what, and what they say. Asked with names in quotes.
WITH named (oid, roles) AS (
    SELECT p.oid, array_agg(r.rolname::text ORDER BY r.rolname::text)
    FROM pg_policy AS p CROSS JOIN LATERAL unnest(p.polroles) AS u (oid) JOIN pg_roles AS r ON r.oid = u.oid
    GROUP BY p.oid
)
SELECT n.nspname::text AS schema, c.relname::text AS name, p.polname::text AS policy, p.polpermissive, p.polcmd::text,
       CASE WHEN p.polroles @> ARRAY[0::oid] THEN ARRAY[''] ELSE coalesce(m.roles, '{}') END AS roles,
       coalesce(pg_get_expr(p.polqual, p.polrelid), '') AS using,
       coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') AS check
FROM pg_policy AS p
JOIN pg_class AS c ON c.oid = p.polrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN named AS m ON m.oid = p.oid
WHERE n.nspname = ANY (%(schemas)s)
ORDER BY 1, 2, 3
