-- Roles of the cutover with an MD5 password.
SELECT rolname::text, oid = %(legacy)s::oid
FROM pg_authid
WHERE rolpassword LIKE 'md5%%' AND (oid = %(legacy)s::oid OR oid = ANY (%(new)s::oid[]))
ORDER BY 1
