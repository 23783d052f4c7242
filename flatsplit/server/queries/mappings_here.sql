-- User mappings on PostgreSQL servers that log in as one of the roles: as whom, whose ("" for PUBLIC), server, whether that
-- is surely this server. Only names are compared, here, on the server; no option leaves it, for they hold passwords.
SELECT l.role, CASE WHEN m.umuser = 0 THEN '' ELSE m.usename::text END, s.srvname::text,
       coalesce(o.host, '') IN ('', 'localhost', '127.0.0.1', '::1', host(inet_server_addr()), current_setting('listen_addresses'))
           OR coalesce(CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE')
               THEN o.host = ANY (string_to_array(replace(current_setting('unix_socket_directories'), ' ', ''), ',')) END, false)
FROM pg_user_mappings AS m
JOIN pg_foreign_server AS s ON s.oid = m.srvid
JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
JOIN pg_proc AS v ON v.oid = w.fdwvalidator
CROSS JOIN LATERAL (
    SELECT max(option_value) FILTER (WHERE option_name IN ('host', 'hostaddr')) AS host,
           max(option_value) FILTER (WHERE option_name = 'port') AS port
    FROM pg_options_to_table(s.srvoptions)) AS o
JOIN unnest(%(roles)s::text[]) AS l (role)
  ON EXISTS (SELECT FROM pg_options_to_table(m.umoptions) WHERE option_name = 'user' AND option_value = l.role)
WHERE v.proname IN ('postgres_fdw_validator', 'dblink_fdw_validator', 'postgresql_fdw_validator')
  AND coalesce(o.port, '5432') = current_setting('port')
ORDER BY 1, 2, 3
