-- Replication slots: name, logical or not, in this database, whether in use, how much WAL each keeps, what is left of it.
SELECT s.slot_name::text, s.slot_type = 'logical', coalesce(s.database = current_database(), false), s.active,
       CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)::bigint END,
       coalesce(s.wal_status, ''), s.temporary
FROM pg_replication_slots AS s
ORDER BY 1
