-- Text search dictionaries; they carry no privileges.
SELECT d.oid, 'text_search_dictionary' AS kind, n.nspname::text AS schema, d.dictname::text AS name, '' AS args,
       d.dictowner AS owner, NULL::aclitem[] AS acl, NULL AS acltype, false AS follows, '' AS note
FROM pg_ts_dict AS d
JOIN pg_namespace AS n ON n.oid = d.dictnamespace
