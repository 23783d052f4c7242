-- Settings of the server that matter for locks and connections, and whether it is a standby.
SELECT (SELECT setting::int FROM pg_settings WHERE name = 'deadlock_timeout') AS deadlock_ms,
       pg_is_in_recovery() AS standby,
       current_setting('max_locks_per_transaction')::bigint AS locks,
       current_setting('max_connections')::int AS connections,
       current_setting('max_prepared_transactions')::int AS prepared,
       current_setting('superuser_reserved_connections')::int
           + coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0) AS reserved,
       current_setting('password_encryption') AS password_encryption
