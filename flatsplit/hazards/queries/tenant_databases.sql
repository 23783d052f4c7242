-- The other databases that let anybody in, and who may CONNECT to each: "" for everybody.
SELECT d.datname::text AS name, array_agg(DISTINCT coalesce(r.rolname::text, '')) AS may
FROM pg_database AS d
CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
LEFT JOIN pg_roles AS r ON r.oid = a.grantee
WHERE d.datallowconn AND d.datname <> current_database() AND a.privilege_type = 'CONNECT'
GROUP BY d.datname
ORDER BY d.datname
