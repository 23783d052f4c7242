-- When and where a proof is made: the server's clock, the place in its log, the snapshot, its version, whom we are.
SELECT now(), pg_current_wal_insert_lsn()::text, pg_current_snapshot()::text, current_setting('server_version'),
       current_user::text
