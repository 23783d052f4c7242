-- Tables with row-level security that the application owns or that lie in a schema in scope and are no extension's:
-- whether the policies hold for their owner too, whether any permissive one would let app_user see a row (without USING it
-- lets nobody: add_security_quals() in rowsecurity.c; nor with USING (false), which denies all), whether the application
-- owns them, whether an extension made them, whose policies are as its makers want them, and which restrictive policies
-- deny app_user every row, whatever others let it see.
-- The owner bypasses them unless they are forced (manual, "Row Security Policies"); app_user does not.
SELECT n.nspname::text, c.relname::text, c.relforcerowsecurity,
       EXISTS (SELECT FROM pg_policy AS p
               WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('r', '*')
                 AND p.polqual IS NOT NULL AND p.polqual::text !~ '^\{CONST :consttype 16 .*:constvalue 1 \[ 0 '
                 AND (p.polroles = '{0}' OR p.polroles && %(readers)s::oid[])),
       c.relowner = ANY (%(owners)s::oid[]),
       EXISTS (SELECT FROM pg_depend AS e
               WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e') AS extension,
       ARRAY(SELECT p.polname::text FROM pg_policy AS p
             WHERE p.polrelid = c.oid AND NOT p.polpermissive AND p.polcmd IN ('r', '*')
               AND p.polqual::text ~ '^\{CONST :consttype 16 .*:constvalue 1 \[ 0 '
               AND (p.polroles = '{0}' OR p.polroles && %(readers)s::oid[])
             ORDER BY 1)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relrowsecurity
  AND (c.relowner = ANY (%(owners)s::oid[])
       OR (n.nspname = ANY (%(schemas)s::text[])
           AND NOT EXISTS (SELECT FROM pg_depend AS e
                           WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')))
ORDER BY 1, 2
