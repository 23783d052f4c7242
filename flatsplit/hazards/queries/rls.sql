-- Tables with row-level security that the application owns, and whether any permissive policy would let app_user see a row.
-- The owner bypasses it unless it is forced (manual, "Row Security Policies"); app_user does not.
SELECT n.nspname::text, c.relname::text, c.relforcerowsecurity,
       EXISTS (SELECT FROM pg_policy AS p
               WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('r', '*')
                 AND (p.polroles = '{0}' OR p.polroles && %(readers)s::oid[]))
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relrowsecurity AND c.relowner = ANY (%(owners)s::oid[])
ORDER BY 1, 2
