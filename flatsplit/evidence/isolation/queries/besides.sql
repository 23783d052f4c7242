-- What else the group reaches: schemas in which it may create, large objects that are given to it or to everybody, rights
-- that it will have on what is created later, values of expressions that statistics were made of (CVE-2024-4317: in a cluster
-- that was made before its fix, and was not given that, the view asks for no right at all; before 14 there is none).
WITH who AS (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = %(group)s)
SELECT 'creates' AS key, format('schema %%I', n.nspname) AS subject
FROM pg_namespace AS n CROSS JOIN who AS w
WHERE n.nspname !~ '^pg_' AND has_schema_privilege(w.oid, n.oid, 'CREATE')
UNION ALL
SELECT 'large-objects', 'large object ' || l.oid::text
FROM pg_largeobject_metadata AS l CROSS JOIN who AS w
WHERE EXISTS (SELECT FROM aclexplode(l.lomacl) AS a WHERE a.grantee IN (0, w.oid))
UNION ALL
SELECT 'large-objects', 'lo_compat_privileges is on'
WHERE current_setting('lo_compat_privileges') = 'on' AND EXISTS (SELECT FROM pg_largeobject_metadata)
UNION ALL
SELECT DISTINCT 'later', format('new %%s of %%s', CASE d.defaclobjtype WHEN 'r' THEN 'tables' ELSE 'sequences' END,
                                pg_get_userbyid(d.defaclrole))
FROM pg_default_acl AS d CROSS JOIN who AS w
WHERE d.defaclobjtype IN ('r', 'S') AND EXISTS (SELECT FROM aclexplode(d.defaclacl) AS a WHERE a.grantee IN (0, w.oid))
UNION ALL
SELECT 'statistics', 'view ' || v.oid::regclass::text
FROM pg_class AS v CROSS JOIN who AS w
WHERE v.relnamespace = 'pg_catalog'::regnamespace AND v.relname = 'pg_stats_ext_exprs'
  AND has_table_privilege(w.oid, v.oid, 'SELECT') AND pg_get_viewdef(v.oid) !~ 'pg_has_role'
  AND EXISTS (
      SELECT FROM pg_statistic_ext AS s
      JOIN pg_class AS c ON c.oid = s.stxrelid
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE to_jsonb(s) ->> 'stxexprs' IS NOT NULL AND n.nspname = ANY (%(schemas)s))
ORDER BY 1, 2
