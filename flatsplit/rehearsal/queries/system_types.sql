-- Names of the server's own types.
SELECT t.typname::text FROM pg_type AS t WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.oid < 16384
