-- Subscriptions of this database (the catalog is shared by all). Only columns that everybody may read, and never
-- subconninfo, which holds a password.
SELECT s.oid, 'subscription' AS kind, '' AS schema, s.subname::text AS name, '' AS args,
       s.subowner AS owner, NULL::aclitem[] AS acl, NULL AS acltype, false AS follows, '' AS note
FROM pg_subscription AS s
JOIN pg_database AS d ON d.oid = s.subdbid
WHERE d.datname = current_database()
