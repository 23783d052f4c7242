-- Event triggers that fire, extensions' too: name, event, tags, function, whether that runs as its owner, its
-- source, its owner.
-- flatsplit's own recorder is none of them.
SELECT e.evtname::text, e.evtevent::text, e.evttags, p.oid::regprocedure::text, p.prosecdef, p.prosrc,
       pg_get_userbyid(p.proowner)::text
FROM pg_event_trigger AS e
JOIN pg_proc AS p ON p.oid = e.evtfoid
WHERE (p.pronamespace = to_regnamespace('flatsplit') AND p.proowner = e.evtowner) IS NOT TRUE
  AND e.evtenabled IN ('O', 'A')
ORDER BY 1
