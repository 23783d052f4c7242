-- Operator classes, told apart by their access method; they carry no privileges.
SELECT o.oid, 'operator_class' AS kind, n.nspname::text AS schema, o.opcname::text AS name, m.amname::text AS args,
       o.opcowner AS owner, NULL::aclitem[] AS acl, NULL AS acltype, false AS follows, '' AS note
FROM pg_opclass AS o
JOIN pg_namespace AS n ON n.oid = o.opcnamespace
JOIN pg_am AS m ON m.oid = o.opcmethod
