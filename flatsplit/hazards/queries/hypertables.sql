-- Hypertables of the application and their chunks, with the chunks that belong to somebody else than their hypertable.
SELECT p.oid::regclass::text, count(c.oid), count(c.oid) FILTER (WHERE c.relowner <> p.relowner)
FROM _timescaledb_catalog.hypertable AS h
JOIN pg_namespace AS n ON n.nspname = h.schema_name
JOIN pg_class AS p ON p.relnamespace = n.oid AND p.relname = h.table_name
LEFT JOIN pg_inherits AS i ON i.inhparent = p.oid
LEFT JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE p.relowner = ANY (%(owners)s::oid[])
GROUP BY p.oid
ORDER BY 1
