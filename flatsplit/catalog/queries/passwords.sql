-- Roles with a password; whether there is one is all that leaves the server. For those who may read pg_authid.
SELECT a.oid
FROM pg_authid AS a
WHERE a.rolpassword IS NOT NULL
