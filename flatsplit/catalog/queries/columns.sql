-- Columns with privileges of their own, system columns too (their position is negative). Columns of system
-- relations count only where a role that is not the system's has a share in them. The filter stands apart, since
-- the planner has no idea how few columns have an ACL and would compare every relation with each of them.
WITH attribute AS MATERIALIZED (
    SELECT a.attrelid, a.attnum, a.attname, a.attacl
    FROM pg_attribute AS a
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped)
SELECT a.attrelid AS oid, a.attnum AS position, n.nspname::text AS schema, c.relname::text AS name,
       a.attname::text AS column, c.relowner AS owner, (
           SELECT json_agg(json_build_array(i.grantee::bigint, i.grantor::bigint, i.privilege_type, i.is_grantable))::text
           FROM aclexplode(a.attacl) AS i) AS acl
FROM attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE a.attrelid >= 16384 OR EXISTS (
    SELECT FROM pg_shdepend AS d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = a.attrelid AND d.objid < 16384 AND d.objsubid = a.attnum
      AND d.dbid = (SELECT m.oid FROM pg_database AS m WHERE m.datname = current_database())
      AND d.refclassid = 'pg_authid'::regclass AND d.refobjid >= 16384)
