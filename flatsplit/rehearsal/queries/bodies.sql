-- The source of one routine; of one whose body is parsed already (BEGIN ATOMIC, 14 and later) as the server prints it.
SELECT p.prosrc, CASE WHEN p.prosrc = '' AND l.lanname = 'sql' THEN pg_get_functiondef(p.oid) END
FROM pg_proc AS p
JOIN pg_language AS l ON l.oid = p.prolang
WHERE p.oid = %s
