-- Settings of these roles for other databases than this one.
SELECT r.rolname::text, d.datname::text, split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
FROM pg_catalog.pg_db_role_setting AS s
JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase AND d.datname <> current_database()
CROSS JOIN LATERAL unnest(s.setconfig) AS c
WHERE r.rolname = ANY (%(roles)s)
ORDER BY 1, 2, 3
