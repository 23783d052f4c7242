-- PostgreSQL servers with user mappings whose options are hidden from the operator (pg_user_mappings shows them to
-- superusers, and to who owns the server or is meant).
SELECT DISTINCT s.srvname::text
FROM pg_user_mappings AS m
JOIN pg_foreign_server AS s ON s.oid = m.srvid
JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
JOIN pg_proc AS v ON v.oid = w.fdwvalidator
WHERE m.umoptions IS NULL AND NOT (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user)
  AND v.proname IN ('postgres_fdw_validator', 'dblink_fdw_validator', 'postgresql_fdw_validator')
  AND coalesce((SELECT option_value FROM pg_options_to_table(s.srvoptions) WHERE option_name = 'port'), '5432')
      = current_setting('port')
ORDER BY 1
