-- What else the group reaches: schemas in which it may create, large objects that are given to it or to everybody, rights
-- that it will have on what is created later.
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
ORDER BY 1, 2
