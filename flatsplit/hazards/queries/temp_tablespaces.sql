-- The database's own tablespace, and temp_tablespaces as the server's files say it for everybody.
SELECT t.spcname::text, CASE WHEN s.source = 'configuration file' THEN s.reset_val ELSE '' END
FROM pg_database AS d
JOIN pg_tablespace AS t ON t.oid = d.dattablespace
CROSS JOIN pg_settings AS s
WHERE d.datname = current_database() AND s.name = 'temp_tablespaces'
