-- A piece of a file of the server's.
SELECT pg_catalog.pg_read_binary_file(%s::text, %s::bigint, %s::bigint)
