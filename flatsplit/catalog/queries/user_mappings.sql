-- User mappings without their options, which may hold passwords; user 0 stands for PUBLIC.
SELECT m.umid, m.srvname::text AS server, m.umuser AS role
FROM pg_user_mappings AS m
