-- Event triggers that migrations fire: name, event, function, whether that runs as its owner.
-- flatsplit's own recorder is none of them.
SELECT e.evtname::text, e.evtevent::text, p.oid::regprocedure::text, p.prosecdef
FROM pg_event_trigger AS e
JOIN pg_proc AS p ON p.oid = e.evtfoid
WHERE (p.pronamespace = to_regnamespace('flatsplit') AND p.proowner = e.evtowner) IS NOT TRUE
  AND e.evtenabled IN ('O', 'A') AND e.evtevent <> 'login'
  AND NOT EXISTS (SELECT FROM pg_depend AS d
                  WHERE d.classid = 'pg_event_trigger'::regclass AND d.objid = e.oid AND d.deptype = 'e')
ORDER BY 1
