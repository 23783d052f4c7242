-- The server's own relations that not everybody may read, and who may: SELECT on the whole, or on columns.
SELECT n.nspname::text, c.relname::text,
       ARRAY(SELECT coalesce(r.rolname::text, '')
             FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS a
             LEFT JOIN pg_roles AS r ON r.oid = a.grantee
             WHERE a.privilege_type = 'SELECT')
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v') AND c.oid < 16384
