-- Operators, told apart by their operand types; they carry no privileges.
SELECT o.oid, 'operator' AS kind, n.nspname::text AS schema, o.oprname::text AS name,
       CASE o.oprleft WHEN 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END || ','
       || CASE o.oprright WHEN 0 THEN 'NONE' ELSE format_type(o.oprright, NULL) END AS args,
       o.oprowner AS owner, NULL::aclitem[] AS acl, NULL AS acltype, false AS follows, '' AS note
FROM pg_operator AS o
JOIN pg_namespace AS n ON n.oid = o.oprnamespace
