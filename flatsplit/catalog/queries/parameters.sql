-- Configuration parameters with privileges on them (15 and later), shared by all databases. They have no owner;
-- their grants start from the bootstrap superuser (pg_parameter_aclmask in aclchk.c), even if that is the old role.
SELECT p.oid, 'parameter' AS kind, '' AS schema, p.parname AS name, '' AS args,
       10::oid AS owner, p.paracl AS acl, 'p' AS acltype, false AS follows, 'system' AS note
FROM pg_parameter_acl AS p
