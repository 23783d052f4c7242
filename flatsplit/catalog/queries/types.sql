-- Domains and the types that a role makes: base, enum, range, composite, shell. A table's row type, an array type
-- and the multirange of a range follow (AlterTypeOwnerInternal in typecmds.c).
SELECT t.oid,
       CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END AS kind,
       n.nspname::text AS schema, t.typname::text AS name, '' AS args,
       t.typowner AS owner, t.typacl AS acl, 'T' AS acltype, false AS follows, '' AS note
FROM pg_type AS t
JOIN pg_namespace AS n ON n.oid = t.typnamespace
LEFT JOIN pg_class AS c ON c.oid = t.typrelid
WHERE t.typtype <> 'm'
  AND (t.typrelid = 0 OR c.relkind = 'c')
  AND NOT (t.typelem <> 0 AND EXISTS (SELECT FROM pg_type AS e WHERE e.oid = t.typelem AND e.typarray = t.oid))
