-- Columns with privileges of their own. Those of system relations count only where a role that is not the
-- system's has a share in them.
SELECT a.attrelid AS oid, a.attnum AS position, n.nspname::text AS schema, c.relname::text AS name,
       a.attname::text AS column, c.relowner AS owner, (
           SELECT json_agg(json_build_array(i.grantee::bigint, i.grantor::bigint, i.privilege_type, i.is_grantable))::text
           FROM aclexplode(a.attacl) AS i) AS acl
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
  AND (a.attrelid >= 16384 OR (a.attrelid, a.attnum) IN (
      SELECT d.objid, d.objsubid
      FROM pg_shdepend AS d
      WHERE d.classid = 'pg_class'::regclass AND d.objid < 16384 AND d.objsubid > 0
        AND d.dbid = (SELECT m.oid FROM pg_database AS m WHERE m.datname = current_database())
        AND d.refclassid = 'pg_authid'::regclass AND d.refobjid >= 16384))
