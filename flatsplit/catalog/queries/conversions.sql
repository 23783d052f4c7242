-- Encoding conversions; they carry no privileges.
SELECT c.oid, 'conversion' AS kind, n.nspname::text AS schema, c.conname::text AS name, '' AS args,
       c.conowner AS owner, NULL::aclitem[] AS acl, NULL AS acltype, false AS follows, '' AS note
FROM pg_conversion AS c
JOIN pg_namespace AS n ON n.oid = c.connamespace
