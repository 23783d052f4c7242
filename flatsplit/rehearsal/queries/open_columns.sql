-- Columns of the server's own relations that were granted to everybody by themselves.
SELECT c.relname::text, a.attname::text
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
CROSS JOIN LATERAL aclexplode(a.attacl) AS g
WHERE a.attacl IS NOT NULL AND c.oid < 16384 AND c.relnamespace = 'pg_catalog'::regnamespace
  AND g.grantee = 0 AND g.privilege_type = 'SELECT'
