-- Routines that are not the server's own: how they are called, in whose name they run, in which language.
SELECT p.oid, n.nspname::text, p.proname::text,
       CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
       CASE p.prokind
           WHEN 'a' THEN (
               SELECT coalesce(string_agg(format_type(a.type, NULL), ', ' ORDER BY a.position), '')
               FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (type, position))
           ELSE pg_get_function_identity_arguments(p.oid) END,
       p.pronargs, p.pronargdefaults, p.provariadic <> 0, l.lanname::text, p.prosecdef, o.rolname::text,
       (SELECT substr(s, 13) FROM unnest(p.proconfig) AS s WHERE s LIKE 'search_path=%'),
       coalesce((SELECT x.extname::text FROM pg_depend AS e JOIN pg_extension AS x ON x.oid = e.refobjid
                 WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e'
                   AND e.refclassid = 'pg_extension'::regclass), ''),
       (SELECT substr(s, 6) FROM unnest(p.proconfig) AS s WHERE s LIKE 'role=%'), p.provolatile = 'i',
       p.proretset AND p.provolatile <> 'v' AND NOT p.prosecdef AND NOT p.proisstrict AND p.proconfig IS NULL
           AND l.lanname = 'sql',
       ARRAY(SELECT split_part(s, '=', 1) FROM unnest(p.proconfig) AS s WHERE s !~ '^(search_path|role)=')
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_language AS l ON l.oid = p.prolang
JOIN pg_roles AS o ON o.oid = p.proowner
WHERE p.oid >= 16384 AND n.nspname !~ '^pg_(toast_)?temp_'
