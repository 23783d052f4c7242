-- Domains and the types that a role makes: base, enum, range, composite, shell. A table's row type, an array type
-- follow; so does the multirange of a range, but before 17 it had an owner and privileges of its own
-- (AlterTypeOwnerInternal in typecmds.c).
SELECT t.oid,
       CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END AS kind,
       n.nspname AS schema, t.typname::text AS name, '' AS args,
       t.typowner AS owner, t.typacl AS acl, 'T' AS acltype, false AS follows, '' AS note
FROM pg_type AS t
JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE (t.typtype <> 'm' OR current_setting('server_version_num')::integer < 170000)
  AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class AS c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
  AND NOT EXISTS (SELECT FROM pg_type AS e WHERE e.oid = t.typelem AND e.typarray = t.oid)
