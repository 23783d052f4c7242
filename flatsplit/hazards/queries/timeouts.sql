-- Timeouts as a session here gets them without settings of a role.
SELECT name, setting, coalesce(reset_val, '0')
FROM pg_settings
WHERE name IN ('statement_timeout', 'lock_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout')
ORDER BY 1
