-- Event triggers; their owner must be a superuser.
SELECT e.oid, 'event_trigger' AS kind, '' AS schema, e.evtname::text AS name, '' AS args,
       e.evtowner AS owner, NULL::aclitem[] AS acl, NULL AS acltype, false AS follows, '' AS note
FROM pg_event_trigger AS e
