-- The server's own routines that not everybody may call, and who may.
SELECT p.proname::text, array_agg(DISTINCT r.rolname::text) FILTER (WHERE r.rolname IS NOT NULL)
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace AND n.nspname = 'pg_catalog'
LEFT JOIN LATERAL aclexplode(p.proacl) AS a ON a.privilege_type = 'EXECUTE'
LEFT JOIN pg_roles AS r ON r.oid = a.grantee
WHERE p.oid < 16384 AND p.proacl IS NOT NULL
GROUP BY p.proname
HAVING NOT bool_or(coalesce(a.grantee, 1) = 0)
