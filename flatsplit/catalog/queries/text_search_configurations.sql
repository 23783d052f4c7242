-- Text search configurations; they carry no privileges.
SELECT c.oid, 'text_search_configuration' AS kind, n.nspname::text AS schema, c.cfgname::text AS name, '' AS args,
       c.cfgowner AS owner, NULL::aclitem[] AS acl, NULL AS acltype, false AS follows, '' AS note
FROM pg_ts_config AS c
JOIN pg_namespace AS n ON n.oid = c.cfgnamespace
