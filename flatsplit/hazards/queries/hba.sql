-- pg_hba.conf as it is on disk now, line by line.
SELECT line_number, type, database, user_name, address, netmask, auth_method, error
FROM pg_catalog.pg_hba_file_rules()
ORDER BY 1
