-- The other databases that let a tenant in: whether they let in everybody.
SELECT d.datname::text AS name, bool_or(a.grantee = 0) AS everybody
FROM pg_database AS d
CROSS JOIN LATERAL aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
LEFT JOIN pg_roles AS r ON r.oid = a.grantee
WHERE d.datallowconn AND d.datname <> current_database() AND a.privilege_type = 'CONNECT'
  AND (a.grantee = 0 OR r.rolname = %(group)s OR r.rolname = ANY (%(mapped)s))
GROUP BY d.datname
ORDER BY d.datname
