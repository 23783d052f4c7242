-- Extended statistics; they carry no privileges and do not follow their table.
SELECT s.oid, 'statistics' AS kind, n.nspname::text AS schema, s.stxname::text AS name, '' AS args,
       s.stxowner AS owner, NULL::aclitem[] AS acl, NULL AS acltype, false AS follows, '' AS note
FROM pg_statistic_ext AS s
JOIN pg_namespace AS n ON n.oid = s.stxnamespace
