-- What materialized views and rules do as their owner, read from the stored trees: printing one as SQL would lock its
-- tables. Relation, commands (CmdType: 1 SELECT, 2 UPDATE, 3 INSERT, 4 DELETE), and the server's own routines and
-- relations in it, on which nothing is recorded as depending.
SELECT r.ev_class,
       ARRAY(SELECT DISTINCT m.found[1]
             FROM regexp_matches(r.ev_action::text, ':commandType (\d)', 'g') AS m (found)),
       ARRAY(SELECT DISTINCT p.proname::text
             FROM regexp_matches(r.ev_action::text, ':funcid (\d+)', 'g') AS m (found)
             JOIN pg_proc AS p ON p.oid = m.found[1]::oid AND p.oid < 16384),
       ARRAY(SELECT DISTINCT t.relname::text
             FROM regexp_matches(r.ev_action::text, ':relid (\d+)', 'g') AS m (found)
             JOIN pg_class AS t ON t.oid = m.found[1]::oid AND t.oid < 16384)
FROM pg_rewrite AS r
JOIN pg_class AS c ON c.oid = r.ev_class
WHERE c.relowner = %(legacy)s::regrole AND (c.relkind = 'm' OR r.ev_type <> '1')
