-- Every schema that outlives a session. Schema public (2200) is the system's by its oid only.
SELECT n.oid, 'schema' AS kind, '' AS schema, n.nspname::text AS name, '' AS args,
       n.nspowner AS owner, n.nspacl AS acl, 'n' AS acltype, false AS follows,
       CASE WHEN n.oid < 16384 AND n.oid <> 2200 THEN 'system' ELSE '' END AS note
FROM pg_namespace AS n
WHERE n.nspname !~ '^pg_(toast_)?temp_'
