-- The tablespace of this database.
SELECT t.spcname::text FROM pg_database AS d JOIN pg_tablespace AS t ON t.oid = d.dattablespace
WHERE d.datname = current_database()
