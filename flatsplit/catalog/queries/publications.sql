-- Publications. One FOR ALL TABLES must be owned by a superuser.
SELECT p.oid, 'publication' AS kind, '' AS schema, p.pubname::text AS name, '' AS args,
       p.pubowner AS owner, NULL::aclitem[] AS acl, NULL AS acltype, false AS follows,
       CASE WHEN p.puballtables THEN 'all_tables' ELSE '' END AS note
FROM pg_publication AS p
