-- Subscriptions of the whole cluster that start as one of the roles: as whom, name, database. (subconninfo may hold a
-- password and is never read.)
SELECT r.rolname::text, s.subname::text, d.datname::text
FROM pg_catalog.pg_subscription AS s
JOIN pg_catalog.pg_roles AS r ON r.oid = s.subowner
JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid
WHERE r.rolname = ANY (%(roles)s::text[])
ORDER BY 1, 2, 3
