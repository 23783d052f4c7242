-- How much of a table has the most common value of each column, and how many values there are (pg_stats.n_distinct).
-- Of a partitioned table there are only statistics that include its partitions.
SELECT s.schemaname::text, s.tablename::text, s.attname::text, s.most_common_freqs[1], s.n_distinct
FROM pg_stats AS s
JOIN pg_namespace AS n ON n.nspname = s.schemaname
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.tablename
WHERE s.schemaname = ANY (%(schemas)s) AND s.most_common_freqs IS NOT NULL AND s.inherited = (c.relkind = 'p')
ORDER BY 1, 2, 3
