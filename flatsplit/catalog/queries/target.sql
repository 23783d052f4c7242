-- The database, the server and who we are on it. Asked before the search_path is pinned, hence the full names;
-- which of the values is the default search_path is for the caller to judge.
SELECT d.datname::text, d.oid, pg_catalog.current_setting('server_version_num')::integer, r.rolname::text, r.rolsuper,
       pg_catalog.has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT'),
       pg_catalog.has_column_privilege('pg_catalog.pg_subscription', 'oid', 'SELECT'),
       pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE'),
       pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE'),
       p.source, p.boot_val, p.reset_val
FROM pg_catalog.pg_database AS d
CROSS JOIN pg_catalog.pg_roles AS r
CROSS JOIN pg_catalog.pg_settings AS p
WHERE d.datname = pg_catalog.current_database() AND r.rolname = current_user AND p.name = 'search_path'
