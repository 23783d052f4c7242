-- Names of all databases.
SELECT d.datname::text FROM pg_database AS d
