-- Procedural languages. Those of the system that anybody may be granted show who can write routines at all.
SELECT l.oid, 'language' AS kind, '' AS schema, l.lanname::text AS name, '' AS args,
       l.lanowner AS owner, l.lanacl AS acl, 'l' AS acltype, false AS follows,
       CASE WHEN l.oid < 16384 THEN 'system' ELSE '' END AS note
FROM pg_language AS l
