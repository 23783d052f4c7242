-- How roles are called now that had these names when a step of any walk ended. In another cluster oids mean others.
SELECT DISTINCT ON (k.name) k.name, r.rolname::text
FROM flatsplit.snapshot AS s
CROSS JOIN jsonb_each_text(s.roles -> 'oids') AS k (name, oid) JOIN pg_roles AS r ON r.oid = k.oid::oid
WHERE s.cutover_id IN (SELECT c.id FROM flatsplit.cutover AS c WHERE c.state = 'active')
  AND s.roles ->> 'cluster' = %s AND k.name = ANY (%s)
ORDER BY k.name, s.id DESC
