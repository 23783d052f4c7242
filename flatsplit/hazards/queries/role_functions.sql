-- PostgreSQL's own functions that take a role or tell who asks, by oid, as stored trees name them.
SELECT oid::text, proname::text
FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace
  AND (proname IN ('pg_has_role', 'set_config', 'to_regrole', 'current_user', 'session_user', 'getpgusername',
                   'pg_get_userbyid')
       OR proname ~ '^has_[a-z_]+_privilege$')
