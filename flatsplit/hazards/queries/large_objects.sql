-- How much all large objects of the database take. (The table itself is a superuser's to read.)
SELECT pg_size_pretty(pg_table_size('pg_largeobject'))
