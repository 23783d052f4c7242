-- Settings and conditions of the server that matter for locks and for the tracking schema.
SELECT (SELECT setting::int FROM pg_settings WHERE name = 'deadlock_timeout') AS deadlock_ms,
       (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()) AS prepared,
       (SELECT coalesce(array_agg(pubname::text ORDER BY pubname), '{}') FROM pg_publication WHERE puballtables) AS all_tables
