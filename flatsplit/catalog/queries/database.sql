-- The database we are connected to. The others of the cluster are seen as a role's "elsewhere".
SELECT d.oid, 'database' AS kind, '' AS schema, d.datname::text AS name, '' AS args,
       d.datdba AS owner, d.datacl AS acl, 'd' AS acltype, false AS follows, '' AS note
FROM pg_database AS d
WHERE d.datname = current_database()
