-- Settings of roles in this database and in all databases; role 0 stands for all roles.
SELECT s.setrole, coalesce(d.datname::text, '') AS database, s.setconfig
FROM pg_db_role_setting AS s
LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
WHERE s.setdatabase = 0 OR d.datname = current_database()
