-- Stored expressions and routines with legacy's name in them: what, name, stored tree, text, language, settings. Those of
-- all roles, for whoever uses them may be the application; the system's own and those of extensions are left out. Trees are
-- looked at as text, because printing them (pg_get_viewdef) would wait for whoever holds a table; constants stand in them
-- byte by byte, and bytes above 127 with the sign that the server's char has.
WITH word AS (
    SELECT convert_to(%(legacy_name)s::text, getdatabaseencoding()) AS bytes
), pattern AS (
    SELECT '%%' || string_agg(get_byte(w.bytes, i)::text, ' ' ORDER BY i) || ' %%' AS plain,
           '%%' || string_agg((CASE WHEN get_byte(w.bytes, i) > 127 THEN get_byte(w.bytes, i) - 256
                                    ELSE get_byte(w.bytes, i) END)::text, ' ' ORDER BY i) || ' %%' AS signed,
           w.bytes
    FROM word AS w, generate_series(0, length(w.bytes) - 1) AS i
    GROUP BY w.bytes
), member AS (
    SELECT d.classid, d.objid FROM pg_depend AS d WHERE d.deptype = 'e'
), routine AS (
    SELECT p.*, to_jsonb(p) ->> 'prosqlbody' AS tree
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE p.oid >= 16384 AND n.nspname <> 'flatsplit'
      AND NOT EXISTS (SELECT FROM member AS e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid)
), tree AS (
\ir stored_trees.sql
), hit AS MATERIALIZED (
    -- Before anything is joined to them: of many thousand trees few have the name
    SELECT t.*, w.bytes
    FROM tree AS t, pattern AS w
    WHERE t.tree LIKE w.plain OR w.signed <> w.plain AND t.tree LIKE w.signed
), found AS (
    SELECT CASE WHEN h.what = 'view' AND c.relkind = 'm' THEN 'materialized view' ELSE h.what END AS what,
           h.first || coalesce(n.nspname || '.' || c.relname || coalesce('.' || a.attname, ''),
                               s.nspname || '.' || t.typname) AS name,
           h.tree, h.bytes
    FROM hit AS h
    LEFT JOIN pg_class AS c ON c.oid = h.relation AND c.oid >= 16384
    LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = h.attnum AND h.attnum > 0
    LEFT JOIN pg_type AS t ON t.oid = h.type AND t.oid >= 16384
    LEFT JOIN pg_namespace AS s ON s.oid = t.typnamespace
    WHERE (c.oid IS NULL OR n.nspname <> 'flatsplit')
      AND NOT EXISTS (SELECT FROM member AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid)
      AND (c.oid IS NOT NULL OR t.oid IS NOT NULL)
)
SELECT f.what, f.name::text, f.tree, '' AS source, '' AS language, ARRAY[]::text[] AS settings, f.bytes
FROM found AS f
UNION ALL
SELECT 'routine', p.oid::regprocedure::text, coalesce(p.tree, '') || coalesce(p.proargdefaults::text, ''), p.prosrc,
       l.lanname::text, coalesce(p.proconfig, ARRAY[]::text[]), w.bytes
FROM routine AS p
JOIN pg_language AS l ON l.oid = p.prolang, pattern AS w
WHERE l.lanname NOT IN ('internal', 'c')
  AND (EXISTS (SELECT FROM unnest(%(spellings)s::text[]) AS s WHERE position(s IN p.prosrc) > 0 OR position(s IN lower(p.prosrc)) > 0)
       OR p.prosrc LIKE '%%\\%%'
       OR position(%(legacy_name)s IN array_to_string(p.proconfig, ',')) > 0
       OR p.tree LIKE w.plain OR p.tree LIKE w.signed
       OR p.proargdefaults::text LIKE w.plain OR p.proargdefaults::text LIKE w.signed)
ORDER BY 1, 2
