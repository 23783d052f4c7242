-- How the server logs; what this role may not see is not among the rows.
SELECT s.name::text, s.setting::text
FROM pg_catalog.pg_settings AS s
WHERE s.name IN ('log_destination', 'logging_collector', 'log_directory', 'log_line_prefix', 'log_timezone',
                 'log_statement', 'log_min_messages', 'log_min_error_statement', 'lc_messages')
