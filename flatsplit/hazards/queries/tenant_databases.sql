-- The other databases that let anybody in, who may CONNECT to each ("" for everybody), and whether we may grant that.
SELECT d.datname::text AS name, array_agg(DISTINCT coalesce(r.rolname::text, '')) AS may,
       pg_has_role(d.datdba, 'USAGE') AS ours
FROM pg_database AS d
CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
LEFT JOIN pg_roles AS r ON r.oid = a.grantee
WHERE d.datallowconn AND d.datname <> current_database() AND a.privilege_type = 'CONNECT'
GROUP BY d.datname, d.datdba
ORDER BY d.datname
