-- Operator families, told apart by their access method; they carry no privileges.
SELECT o.oid, 'operator_family' AS kind, n.nspname::text AS schema, o.opfname::text AS name, m.amname::text AS args,
       o.opfowner AS owner, NULL::aclitem[] AS acl, NULL AS acltype, false AS follows, '' AS note
FROM pg_opfamily AS o
JOIN pg_namespace AS n ON n.oid = o.opfnamespace
JOIN pg_am AS m ON m.oid = o.opfmethod
