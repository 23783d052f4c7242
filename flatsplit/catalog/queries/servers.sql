-- Foreign servers.
SELECT s.oid, 'server' AS kind, '' AS schema, s.srvname::text AS name, '' AS args,
       s.srvowner AS owner, s.srvacl AS acl, 'S' AS acltype, false AS follows, '' AS note
FROM pg_foreign_server AS s
