-- Expressions that writing evaluates and that ask for a role: relation, commands (a, w, d, D), what, name, number of a column, text.
-- A trigger's and a rule's as the statement that made it.
WITH asks AS (
    SELECT string_agg(oid::text, '|') AS oids
    FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace
      AND (proname IN ('pg_has_role', 'current_user', 'session_user', 'getpgusername', 'to_regrole')
           OR proname ~ '^has_[a-z_]+_privilege$')
), pattern AS (
    SELECT 'SQLVALUEFUNCTION|:funcid (' || oids || ') |:consttype 4096 ' AS asking FROM asks
)
SELECT d.adrelid AS relation, 'a' AS commands, 'default' AS what, a.attname::text AS name, a.attnum AS number,
       pg_get_expr(d.adbin, d.adrelid) AS text
FROM pg_attrdef AS d
JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
JOIN pattern AS p ON d.adbin::text ~ p.asking
WHERE d.adrelid >= 16384
UNION ALL
SELECT k.conrelid, 'aw', 'constraint', k.conname::text, 0, pg_get_expr(k.conbin, k.conrelid)
FROM pg_constraint AS k
JOIN pattern AS p ON k.conbin::text ~ p.asking
WHERE k.contype = 'c' AND k.conrelid >= 16384
UNION ALL
SELECT t.tgrelid,
       CASE WHEN t.tgtype & 4 > 0 THEN 'a' ELSE '' END || CASE WHEN t.tgtype & 8 > 0 THEN 'd' ELSE '' END
           || CASE WHEN t.tgtype & 16 > 0 THEN 'w' ELSE '' END || CASE WHEN t.tgtype & 32 > 0 THEN 'D' ELSE '' END,
       'trigger', t.tgname::text, 0, pg_get_triggerdef(t.oid)
FROM pg_trigger AS t
JOIN pattern AS p ON t.tgqual::text ~ p.asking
WHERE t.tgrelid >= 16384 AND t.tgenabled NOT IN ('D', 'R')
UNION ALL
SELECT r.ev_class, CASE r.ev_type WHEN '2' THEN 'w' WHEN '3' THEN 'a' ELSE 'd' END, 'rule', r.rulename::text, 0,
       pg_get_ruledef(r.oid)
FROM pg_rewrite AS r
JOIN pattern AS p ON r.ev_qual::text || r.ev_action::text ~ p.asking
WHERE r.ev_class >= 16384 AND r.ev_type <> '1' AND r.ev_enabled NOT IN ('D', 'R')
