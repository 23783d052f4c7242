-- Whether anything speaks against making a temporary function: a standby, event triggers that would run somebody's code
-- with the operator's rights; event triggers of any kind, which a trial CREATE TABLE would fire; and those that would run
-- somebody's code also where session_replication_role is replica. flatsplit's own recorder writes a row that is rolled
-- back with the trial.
SELECT pg_is_in_recovery() AS standby,
       EXISTS (SELECT FROM pg_event_trigger AS e
               JOIN pg_proc AS p ON p.oid = e.evtfoid
               JOIN pg_roles AS r ON r.oid = p.proowner
               WHERE e.evtenabled IN ('O', 'A') AND NOT r.rolsuper
                 AND (p.pronamespace = to_regnamespace('flatsplit') AND p.proowner = e.evtowner) IS NOT TRUE) AS strange,
       EXISTS (SELECT FROM pg_event_trigger AS e
               JOIN pg_proc AS p ON p.oid = e.evtfoid
               WHERE e.evtenabled IN ('O', 'A')
                 AND (p.pronamespace = to_regnamespace('flatsplit') AND p.proowner = e.evtowner) IS NOT TRUE) AS triggers,
       EXISTS (SELECT FROM pg_event_trigger AS e
               JOIN pg_proc AS p ON p.oid = e.evtfoid
               JOIN pg_roles AS r ON r.oid = p.proowner
               WHERE e.evtenabled IN ('R', 'A') AND NOT r.rolsuper
                 AND (p.pronamespace = to_regnamespace('flatsplit') AND p.proowner = e.evtowner) IS NOT TRUE) AS insistent
