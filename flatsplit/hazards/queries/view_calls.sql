-- Routines closed to PUBLIC that the application's views call, by themselves or by views beneath them. Permission to call
-- is asked of whoever reads the outermost view (manual, "Rules and Privileges"), whoever owns the ones beneath.
WITH RECURSIVE uses AS (
    SELECT r.ev_class AS view, d.refclassid, d.refobjid
    FROM pg_rewrite AS r
    JOIN pg_class AS c ON c.oid = r.ev_class
    JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.deptype = 'n'
    WHERE c.relkind = 'v' AND c.oid >= 16384 AND r.ev_type = '1' AND r.ev_class <> d.refobjid
), calls AS (
    SELECT u.view, p.oid, p.pronamespace, p.proname, p.prokind, p.proargtypes
    FROM uses AS u
    JOIN pg_proc AS p ON u.refclassid = 'pg_proc'::regclass AND p.oid = u.refobjid
    WHERE p.proacl IS NOT NULL
      AND NOT EXISTS (SELECT FROM aclexplode(p.proacl) AS a WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE')
), above AS (
    SELECT view AS top, view FROM calls
    UNION
    SELECT u.view, a.view
    FROM above AS a
    JOIN uses AS u ON u.refclassid = 'pg_class'::regclass AND u.refobjid = a.top
)
SELECT DISTINCT n.nspname::text, v.relname::text,
       CASE c.prokind WHEN 'a' THEN 'aggregate' ELSE 'function' END, s.nspname::text, c.proname::text,
       coalesce(CASE WHEN c.prokind = 'a' THEN (
           SELECT string_agg(format_type(a.type, NULL), ', ' ORDER BY a.position)
           FROM unnest(c.proargtypes::oid[]) WITH ORDINALITY AS a (type, position))
       ELSE pg_get_function_identity_arguments(c.oid) END, '')
FROM above AS a
JOIN calls AS c ON c.view = a.view
JOIN pg_class AS v ON v.oid = a.top
JOIN pg_namespace AS n ON n.oid = v.relnamespace
JOIN pg_namespace AS s ON s.oid = c.pronamespace
WHERE v.relowner = ANY (%(owners)s::oid[]) OR n.nspname = ANY (%(schemas)s::text[])
ORDER BY 1, 2, 4, 5, 6
