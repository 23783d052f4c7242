-- Triggers and rules of views, and of tables of these schemas, those of their partitions and children with them: which one,
-- what it is (trigger or rule), its name, what runs, when ("BEFORE", "AFTER", "INSTEAD"), for each "ROW" or "STATEMENT",
-- the letters of the commands that set it off, and whether it runs with its owner's rights.
WITH RECURSIVE tree (root, oid) AS (
    SELECT c.oid, c.oid
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE (c.relkind IN ('r', 'p') AND n.nspname = ANY (%(schemas)s) AND NOT c.relispartition)
       OR (c.relkind = 'v' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')
    UNION ALL
    SELECT t.root, i.inhrelid FROM tree AS t JOIN pg_inherits AS i ON i.inhparent = t.oid
), code AS (
    SELECT t.root, 'trigger' AS what, g.tgname AS name, format('%%I.%%I', m.nspname, p.proname) AS runs,
           CASE WHEN g.tgtype & 2 > 0 THEN 'BEFORE' WHEN g.tgtype & 64 > 0 THEN 'INSTEAD' ELSE 'AFTER' END AS moment,
           CASE WHEN g.tgtype & 1 > 0 THEN 'ROW' ELSE 'STATEMENT' END AS each,
           (CASE WHEN g.tgtype & 4 > 0 THEN 'a' ELSE '' END) || (CASE WHEN g.tgtype & 8 > 0 THEN 'd' ELSE '' END) ||
           (CASE WHEN g.tgtype & 16 > 0 THEN 'w' ELSE '' END) || (CASE WHEN g.tgtype & 32 > 0 THEN 'D' ELSE '' END)
           AS commands, p.prosecdef AS definer
    FROM tree AS t
    JOIN pg_trigger AS g ON g.tgrelid = t.oid AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A')
    JOIN pg_proc AS p ON p.oid = g.tgfoid
    JOIN pg_namespace AS m ON m.oid = p.pronamespace
    UNION ALL
    SELECT t.root, 'rule', r.rulename, '', 'INSTEAD', 'STATEMENT',
           CASE r.ev_type WHEN '2' THEN 'w' WHEN '3' THEN 'a' WHEN '4' THEN 'd' ELSE 'r' END, true
    FROM tree AS t
    JOIN pg_rewrite AS r ON r.ev_class = t.oid AND r.ev_enabled IN ('O', 'A') AND r.rulename <> '_RETURN'
)
SELECT DISTINCT n.nspname::text AS schema, c.relname::text AS table, k.what, k.name::text, k.runs, k.moment, k.each,
       k.commands, k.definer
FROM code AS k
JOIN pg_class AS c ON c.oid = k.root
JOIN pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY 1, 2, 4, 7
