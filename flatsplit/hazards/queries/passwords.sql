-- Passwords of the roles of the cutover: whose, whether it is legacy's, whether it is an MD5 hash, and how many iterations a
-- SCRAM verifier has. Nothing else of them leaves the server.
SELECT rolname::text, oid = %(legacy)s::oid, rolpassword LIKE 'md5%%',
       substring(rolpassword FROM '^SCRAM-SHA-256[$]([0-9]{1,9}):')::int
FROM pg_authid
WHERE rolpassword IS NOT NULL AND (oid = %(legacy)s::oid OR rolcanlogin AND rolname = ANY (%(named)s::text[]))
ORDER BY 1
