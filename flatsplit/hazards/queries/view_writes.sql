-- Views of legacy's in the server's own schemas that cannot be written in every way: schema, name, and the privileges that
-- are of use there besides SELECT (manual, "Updatable Views"). To tell, the server locks what a view reads: nothing is asked
-- while somebody holds a table alone.
SELECT n.nspname::text, c.relname::text,
       concat(CASE WHEN u.bits & 8 <> 0 THEN 'a' END, CASE WHEN u.bits & 4 <> 0 THEN 'w' END,
              CASE WHEN u.bits & 16 <> 0 THEN 'd' END)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT CASE WHEN EXISTS (
        SELECT FROM pg_locks AS l
        WHERE l.mode = 'AccessExclusiveLock' AND l.locktype = 'relation' AND l.pid <> pg_backend_pid()
          AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()))
    THEN 28 ELSE pg_relation_is_updatable(c.oid, true) END AS bits) AS u
WHERE c.relkind = 'v' AND c.oid >= 16384 AND n.nspname IN ('pg_catalog', 'information_schema')
  AND c.relowner = ANY (%(owners)s::oid[]) AND u.bits & 28 <> 28
ORDER BY 1, 2;
