-- Default privileges, per creator, schema (all of them: '') and kind of object.
SELECT d.oid, d.defaclrole AS creator, coalesce(n.nspname::text, '') AS schema, d.defaclobjtype::text AS objtype, (
           SELECT json_agg(json_build_array(i.grantee::bigint, i.grantor::bigint, i.privilege_type, i.is_grantable))::text
           FROM aclexplode(d.defaclacl) AS i) AS acl
FROM pg_default_acl AS d
LEFT JOIN pg_namespace AS n ON n.oid = d.defaclnamespace
