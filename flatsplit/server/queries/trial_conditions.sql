-- Whether anything speaks against making a temporary function: a standby, event triggers that would run somebody's code
-- with the operator's rights; and event triggers of any kind, which a trial CREATE TABLE would fire.
SELECT pg_is_in_recovery() AS standby,
       EXISTS (SELECT FROM pg_event_trigger AS e
               JOIN pg_proc AS p ON p.oid = e.evtfoid
               JOIN pg_roles AS r ON r.oid = p.proowner
               WHERE e.evtenabled IN ('O', 'A') AND NOT r.rolsuper) AS strange,
       EXISTS (SELECT FROM pg_event_trigger AS e WHERE e.evtenabled IN ('O', 'A')) AS triggers
