-- The application's routines in languages that only superusers may write in, but for the system's own: kind, schema,
-- name and arguments as the catalog's reader has them (no language of these knows aggregates), and the language.
SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, n.nspname::text, p.proname::text,
       pg_get_function_identity_arguments(p.oid), l.lanname::text
FROM pg_proc AS p
JOIN pg_language AS l ON l.oid = p.prolang
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE p.proowner = ANY (%(owners)s::oid[]) AND p.oid >= 16384 AND NOT l.lanpltrusted AND l.lanname <> 'internal'
  AND NOT EXISTS (SELECT FROM pg_depend AS d
                  WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
ORDER BY 2, 3, 4
