-- Who holds a right in the tracking schema, "" for everybody; its owners left out.
SELECT DISTINCT coalesce(r.rolname::text, '') AS grantee
FROM (
    SELECT a.grantee FROM pg_class AS c, aclexplode(c.relacl) AS a
    WHERE c.relnamespace = %(schema)s::text::regnamespace AND a.grantee <> c.relowner
    UNION
    SELECT a.grantee FROM pg_namespace AS n, aclexplode(n.nspacl) AS a
    WHERE n.nspname = %(schema)s::text::name AND a.grantee <> n.nspowner) AS g
LEFT JOIN pg_roles AS r ON r.oid = g.grantee
ORDER BY 1
