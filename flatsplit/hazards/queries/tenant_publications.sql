-- Published tables.
SELECT DISTINCT t.schemaname::text, t.tablename::text FROM pg_publication_tables AS t ORDER BY 1, 2
