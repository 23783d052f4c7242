-- Tablespaces, shared by all databases.
SELECT t.oid, 'tablespace' AS kind, '' AS schema, t.spcname::text AS name, '' AS args,
       t.spcowner AS owner, t.spcacl AS acl, 't' AS acltype, false AS follows, '' AS note
FROM pg_tablespace AS t
