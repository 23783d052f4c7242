-- Roles that had another name when the last step of any walk ended: then and now. In another cluster oids mean others.
WITH last AS (
    SELECT s.roles FROM flatsplit.snapshot AS s
    WHERE s.cutover_id IN (SELECT c.id FROM flatsplit.cutover AS c WHERE c.state = 'active')
    ORDER BY s.id DESC LIMIT 1)
SELECT k.name, r.rolname::text
FROM last CROSS JOIN jsonb_each_text(last.roles -> 'oids') AS k (name, oid) JOIN pg_roles AS r ON r.oid = k.oid::oid
WHERE last.roles ->> 'cluster' = %(cluster)s AND r.rolname <> k.name
  AND (%(names)s::text[] IS NULL OR k.name = ANY (%(names)s))
ORDER BY k.name
