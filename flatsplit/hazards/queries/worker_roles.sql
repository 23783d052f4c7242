-- The roles that background workers of extensions start as, where the server's configuration says so.
SELECT w.name, current_setting(w.name, true)
FROM unnest(ARRAY['pg_partman_bgw.role', 'squeeze.worker_role', 'pg_net.username']) AS w (name)
WHERE current_setting(w.name, true) <> ''
