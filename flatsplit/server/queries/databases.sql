-- The other databases that let anybody in: their owner, and who holds CONNECT ("" for everybody).
SELECT d.datname::text AS database, o.rolname::text AS owner,
       ARRAY(SELECT DISTINCT CASE a.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(a.grantee)::text END
             FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
             WHERE a.privilege_type = 'CONNECT') AS connect
FROM pg_database AS d
JOIN pg_roles AS o ON o.oid = d.datdba
WHERE d.datallowconn AND d.datname <> current_database()
ORDER BY 1
