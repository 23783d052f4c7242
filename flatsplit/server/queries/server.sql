-- When the server started, on which timeline it is (NULL where that may not be read), and its version.
SELECT pg_postmaster_start_time() AS started,
       CASE WHEN has_function_privilege('pg_control_checkpoint()', 'EXECUTE')
            THEN (pg_control_checkpoint()).timeline_id END AS timeline,
       current_setting('server_version_num')::int AS version
