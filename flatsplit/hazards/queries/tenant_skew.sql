-- How much of a table has the most common value of each column, and how many values there are (pg_stats.n_distinct).
SELECT s.schemaname::text, s.tablename::text, s.attname::text, s.most_common_freqs[1], s.n_distinct
FROM pg_stats AS s
WHERE s.schemaname = ANY (%(schemas)s) AND s.most_common_freqs IS NOT NULL AND NOT s.inherited
ORDER BY 1, 2, 3
