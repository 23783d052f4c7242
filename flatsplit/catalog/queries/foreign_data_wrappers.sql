-- Foreign data wrappers.
SELECT f.oid, 'foreign_data_wrapper' AS kind, '' AS schema, f.fdwname::text AS name, '' AS args,
       f.fdwowner AS owner, f.fdwacl AS acl, 'F' AS acltype, false AS follows, '' AS note
FROM pg_foreign_data_wrapper AS f
