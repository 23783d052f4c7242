-- The last snapshot of all walks once more, with the oids of roles that were made after it.
INSERT INTO flatsplit.snapshot (cutover_id, at, step, server, roles, objects)
SELECT s.cutover_id, s.at, s.step, s.server, jsonb_set(s.roles, '{oids}', (s.roles -> 'oids') || %s), s.objects
FROM flatsplit.snapshot AS s
WHERE s.cutover_id IN (SELECT c.id FROM flatsplit.cutover AS c WHERE c.state = 'active') AND s.roles ->> 'cluster' = %s
ORDER BY s.id DESC LIMIT 1
