-- Every schema that outlives a session.
SELECT n.oid, 'schema' AS kind, '' AS schema, n.nspname::text AS name, '' AS args,
       n.nspowner AS owner, n.nspacl AS acl, 'n' AS acltype, false AS follows, '' AS note
FROM pg_namespace AS n
WHERE n.nspname !~ '^pg_(toast_)?temp_'
