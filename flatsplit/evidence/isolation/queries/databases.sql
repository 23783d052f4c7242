-- The other databases that let a tenant in, and by whose right: "" for everybody, else a tenant's, the group's, or that of
-- a role that one of them is a member of.
SELECT d.datname::text AS name, coalesce(r.rolname::text, '') AS role
FROM pg_database AS d
CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
LEFT JOIN pg_roles AS r ON r.oid = a.grantee
WHERE d.datallowconn AND d.datname <> current_database() AND a.privilege_type = 'CONNECT'
  AND (a.grantee = 0 OR r.rolname = ANY (%(names)s))
GROUP BY 1, 2
ORDER BY 1, 2
