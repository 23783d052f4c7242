-- The other databases of the cluster and who owns them.
SELECT d.datdba, d.datname::text
FROM pg_database AS d
WHERE d.datname <> current_database()
