-- The application's routines in SQL and PL languages: name, SECURITY DEFINER, settings, text, stored tree of an SQL body
-- (14 and newer), whether it is a trigger's, the tables whose enabled triggers run it, language, and the stored trees of
-- its arguments' defaults.
WITH fired AS MATERIALIZED (
    SELECT t.tgfoid, array_agg(DISTINCT n.nspname || '.' || c.relname ORDER BY n.nspname || '.' || c.relname) AS tables
    FROM pg_trigger AS t -- once for all: there is no index on tgfoid
    JOIN pg_class AS c ON c.oid = t.tgrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE t.tgenabled <> 'D'
    GROUP BY t.tgfoid
)
SELECT p.oid::regprocedure::text, p.prosecdef, coalesce(p.proconfig, ARRAY[]::text[]), p.prosrc,
       to_jsonb(p) ->> 'prosqlbody', p.prorettype = 'trigger'::regtype,
       coalesce(f.tables, '{}'),
       l.lanname::text, coalesce(p.proargdefaults::text, '')
FROM pg_proc AS p
JOIN pg_language AS l ON l.oid = p.prolang
LEFT JOIN fired AS f ON f.tgfoid = p.oid
WHERE p.proowner = ANY (%(owners)s::oid[]) AND p.oid >= 16384 AND l.lanname NOT IN ('internal', 'c')
  AND NOT EXISTS (SELECT FROM pg_depend AS d
                  WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY 1
