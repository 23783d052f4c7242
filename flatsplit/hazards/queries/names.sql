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
), mine AS (
    SELECT c.oid, n.nspname || '.' || c.relname AS name
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid >= 16384 AND n.nspname <> 'flatsplit'
      AND NOT EXISTS (SELECT FROM member AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid)
), routine AS (
    SELECT p.*, to_jsonb(p) ->> 'prosqlbody' AS tree
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE p.oid >= 16384 AND n.nspname <> 'flatsplit'
      AND NOT EXISTS (SELECT FROM member AS e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid)
), found AS (
    SELECT 'default' AS what, m.name || '.' || a.attname AS name, d.adbin::text AS tree
    FROM pg_attrdef AS d
    JOIN mine AS m ON m.oid = d.adrelid
    JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    UNION ALL
    SELECT 'policy', p.polname || ' on ' || m.name, coalesce(p.polqual::text, '') || coalesce(p.polwithcheck::text, '')
    FROM pg_policy AS p
    JOIN mine AS m ON m.oid = p.polrelid
    UNION ALL
    SELECT 'constraint', k.conname || ' on ' || coalesce(m.name, n.nspname || '.' || t.typname), k.conbin::text
    FROM pg_constraint AS k
    LEFT JOIN mine AS m ON m.oid = k.conrelid
    LEFT JOIN pg_type AS t ON t.oid = k.contypid AND t.oid >= 16384
    LEFT JOIN pg_namespace AS n ON n.oid = t.typnamespace
    WHERE k.conbin IS NOT NULL AND (m.oid IS NOT NULL OR t.oid IS NOT NULL)
    UNION ALL
    SELECT 'trigger', t.tgname || ' on ' || m.name, t.tgqual::text
    FROM pg_trigger AS t
    JOIN mine AS m ON m.oid = t.tgrelid
    WHERE t.tgqual IS NOT NULL
    UNION ALL
    SELECT CASE WHEN c.relkind = 'm' THEN 'materialized view' WHEN r.rulename = '_RETURN' THEN 'view' ELSE 'rule' END,
           CASE WHEN r.rulename = '_RETURN' THEN m.name ELSE r.rulename || ' on ' || m.name END,
           r.ev_action::text || r.ev_qual::text
    FROM pg_rewrite AS r
    JOIN mine AS m ON m.oid = r.ev_class
    JOIN pg_class AS c ON c.oid = r.ev_class
    UNION ALL
    SELECT 'index', c.relname || ' on ' || m.name, coalesce(i.indpred::text, '') || coalesce(i.indexprs::text, '')
    FROM pg_index AS i
    JOIN mine AS m ON m.oid = i.indrelid
    JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE i.indpred IS NOT NULL OR i.indexprs IS NOT NULL
    UNION ALL
    SELECT 'default of', n.nspname || '.' || t.typname, t.typdefaultbin::text
    FROM pg_type AS t
    JOIN pg_namespace AS n ON n.oid = t.typnamespace
    WHERE t.oid >= 16384 AND t.typdefaultbin IS NOT NULL
    UNION ALL
    SELECT 'publication', p.pubname || ' of ' || m.name, to_jsonb(f) ->> 'prqual'
    FROM pg_publication_rel AS f
    JOIN pg_publication AS p ON p.oid = f.prpubid
    JOIN mine AS m ON m.oid = f.prrelid
)
SELECT f.what, f.name::text, f.tree, '' AS source, '' AS language, ARRAY[]::text[] AS settings,
       w.bytes
FROM found AS f, pattern AS w
WHERE f.tree LIKE w.plain OR f.tree LIKE w.signed
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
