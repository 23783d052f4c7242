-- The background workers of extensions that the server's configuration lets start as legacy or a member of it.
SELECT w.name, current_setting(w.name, true)
FROM unnest(ARRAY['pg_partman_bgw.role', 'squeeze.worker_role', 'pg_net.username']) AS w (name)
WHERE current_setting(w.name, true) = ANY (%(acting_names)s)
