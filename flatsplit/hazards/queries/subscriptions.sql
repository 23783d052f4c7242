-- Subscriptions of this database, with their owners. (subconninfo may hold a password and is never read.)
SELECT s.subname::text, r.rolname::text, s.subenabled
FROM pg_subscription AS s
JOIN pg_roles AS r ON r.oid = s.subowner
WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
ORDER BY 1
