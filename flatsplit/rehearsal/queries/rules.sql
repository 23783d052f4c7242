-- Rules that do something when a relation is written to, with the letter of the privilege that sets them off.
SELECT r.ev_class, CASE r.ev_type WHEN '2' THEN 'w' WHEN '3' THEN 'a' ELSE 'd' END, pg_get_ruledef(r.oid)
FROM pg_rewrite AS r
WHERE r.oid >= 16384 AND r.ev_type <> '1' AND r.ev_enabled NOT IN ('D', 'R')
