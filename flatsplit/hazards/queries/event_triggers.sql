-- Event triggers that fire on GRANT, ALTER ... OWNER and the like, and whose function belongs to somebody who is no superuser.
-- They would run that role's code with the operator's rights.
-- flatsplit's own recorder is none of them.
SELECT e.evtname::text, p.oid::regprocedure::text, r.rolname::text
FROM pg_event_trigger AS e
JOIN pg_proc AS p ON p.oid = e.evtfoid
JOIN pg_roles AS r ON r.oid = p.proowner
WHERE (p.pronamespace = to_regnamespace('flatsplit') AND p.proowner = e.evtowner) IS NOT TRUE
  AND e.evtenabled IN ('O', 'A') AND NOT r.rolsuper
ORDER BY 1
