-- Large objects, named by their oid.
SELECT l.oid, 'large_object' AS kind, '' AS schema, l.oid::text AS name, '' AS args,
       l.lomowner AS owner, l.lomacl AS acl, 'L' AS acltype, false AS follows, '' AS note
FROM pg_largeobject_metadata AS l
