-- Subscriptions of this database, for those who may not read pg_subscription.oid (13 grants the other columns to
-- everybody and forgets this one); pg_stat_subscription shows it.
SELECT v.subid AS oid, 'subscription' AS kind, '' AS schema, s.subname::text AS name, '' AS args,
       s.subowner AS owner, NULL::aclitem[] AS acl, NULL AS acltype, false AS follows, '' AS note
FROM pg_subscription AS s
JOIN pg_database AS d ON d.oid = s.subdbid
JOIN pg_stat_subscription AS v ON v.subname = s.subname
WHERE d.datname = current_database()
  AND EXISTS (
      SELECT FROM pg_shdepend AS o
      WHERE o.classid = 'pg_subscription'::regclass AND o.objid = v.subid
        AND o.refclassid = 'pg_authid'::regclass AND o.refobjid = s.subowner)
