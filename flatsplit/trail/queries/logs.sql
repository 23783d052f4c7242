-- The files of the server's log, the oldest first; with a moment, those that were written to since.
SELECT l.name, l.size, l.modification
FROM pg_catalog.pg_ls_logdir() AS l
WHERE l.size > 0 AND (%(since)s::timestamptz IS NULL OR l.modification >= %(since)s::timestamptz - interval '1 second')
ORDER BY l.modification, l.name
