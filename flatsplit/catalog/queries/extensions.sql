-- Extensions. No statement changes the owner of one, apart from REASSIGN OWNED.
SELECT e.oid, 'extension' AS kind, '' AS schema, e.extname::text AS name, '' AS args,
       e.extowner AS owner, NULL::aclitem[] AS acl, NULL AS acltype, false AS follows, '' AS note
FROM pg_extension AS e
