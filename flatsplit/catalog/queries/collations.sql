-- Collations; they carry no privileges.
SELECT c.oid, 'collation' AS kind, n.nspname::text AS schema, c.collname::text AS name, '' AS args,
       c.collowner AS owner, NULL::aclitem[] AS acl, NULL AS acltype, false AS follows, '' AS note
FROM pg_collation AS c
JOIN pg_namespace AS n ON n.oid = c.collnamespace
