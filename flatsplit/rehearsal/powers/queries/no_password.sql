-- Foreign tables of postgres_fdw for whose server the role's user mapping has no password: for a superuser that is
-- enough, for nobody else (check_conn_params() in connection.c of postgres_fdw). Only whether there is one leaves the
-- server. Of a table's server whose options may not be read nothing is said.
SELECT t.ftrelid
FROM pg_foreign_table AS t
JOIN pg_foreign_server AS s ON s.oid = t.ftserver
JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
JOIN pg_proc AS h ON h.oid = w.fdwhandler AND h.prosrc = 'postgres_fdw_handler'
CROSS JOIN LATERAL (
    SELECT m.umoptions FROM pg_user_mappings AS m
    WHERE m.srvid = s.oid AND m.umuser IN (0, %(legacy)s::regrole)
    ORDER BY m.umuser DESC LIMIT 1) AS m
WHERE (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user)
  AND NOT EXISTS (
    SELECT FROM pg_options_to_table(m.umoptions) AS o
    WHERE o.option_name = 'password'
       OR (o.option_name IN ('password_required') AND lower(o.option_value) IN ('false', 'off', 'no', '0')))
  AND NOT EXISTS (
    SELECT FROM pg_options_to_table(s.srvoptions) AS o
    WHERE o.option_name = 'use_scram_passthrough' AND lower(o.option_value) IN ('true', 'on', 'yes', '1'))
