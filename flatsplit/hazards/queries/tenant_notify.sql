-- Routines of the application's that NOTIFY.
SELECT n.nspname::text, p.proname::text
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE p.proowner = ANY (%(owners)s::oid[]) AND p.prosrc ~* '\m(pg_notify\s*\(|notify\s)'
ORDER BY 1, 2
