-- Who holds rights on tables of these schemas that have a policy for everybody: roles that it could name instead. Superusers
-- pass over policies, and so does the owner where they are not forced.
SELECT n.nspname::text AS schema, c.relname::text AS name, array_agg(DISTINCT r.rolname::text ORDER BY r.rolname::text) AS roles
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT (aclexplode(c.relacl)).grantee
    UNION
    SELECT (aclexplode(a.attacl)).grantee FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL
) AS g
JOIN pg_roles AS r ON r.oid = g.grantee
WHERE n.nspname = ANY (%(schemas)s) AND NOT r.rolsuper AND (r.oid <> c.relowner OR c.relforcerowsecurity)
  AND EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polroles @> ARRAY[0::oid])
GROUP BY 1, 2
