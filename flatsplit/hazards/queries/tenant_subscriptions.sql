-- Tables into which a subscription writes as its own owner, where that is under their policies. Since 16 it writes as the
-- table's owner unless run_as_owner is set; before there is no such column, and the name means the true beside it.
SELECT s.subname::text, r.rolname::text, n.nspname::text, c.relname::text
FROM pg_subscription AS s
JOIN pg_roles AS r ON r.oid = s.subowner
JOIN pg_subscription_rel AS sr ON sr.srsubid = s.oid
JOIN pg_class AS c ON c.oid = sr.srrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE s.subdbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
  AND NOT r.rolsuper AND NOT r.rolbypassrls AND NOT pg_has_role(r.oid, c.relowner, 'USAGE')
  AND (
    SELECT (SELECT subrunasowner FROM pg_subscription AS s2 WHERE s2.oid = s.oid)
    FROM (SELECT true AS subrunasowner) AS before_16
  )
ORDER BY 1, 3, 4
