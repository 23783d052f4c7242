-- log_statement as a session of ours begins with it, and where it has that from.
SELECT s.source, s.reset_val FROM pg_settings AS s WHERE s.name = 'log_statement'
