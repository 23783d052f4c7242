-- Logins whose sessions begin as another role by a setting; the more special setting last.
SELECT r.rolname::text, substr(c.line, 6)
FROM pg_catalog.pg_db_role_setting AS s
JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole, unnest(s.setconfig) AS c (line)
WHERE c.line LIKE 'role=%'
  AND s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()))
ORDER BY s.setdatabase
