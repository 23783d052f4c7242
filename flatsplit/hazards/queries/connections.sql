-- How many connections there are and may be: on the server, in this database, of legacy and its
-- members, and the limits of this database and of legacy.
SELECT count(*) FILTER (WHERE a.datid IS NOT NULL),
       count(*) FILTER (WHERE a.datid = d.oid),
       count(*) FILTER (WHERE a.usesysid = ANY (%(acting)s::oid[])),
       count(*) FILTER (WHERE a.datid = d.oid AND a.usesysid = ANY (%(acting)s::oid[])),
       d.datconnlimit,
       (SELECT r.rolconnlimit FROM pg_roles AS r WHERE r.oid = %(legacy)s::oid)
FROM pg_database AS d
LEFT JOIN pg_stat_activity AS a
       ON coalesce(a.backend_type, CASE WHEN a.pid IN (SELECT w.pid FROM pg_stat_replication AS w) THEN 'walsender'
                                        ELSE 'client backend' END) = 'client backend'
WHERE d.datname = current_database()
GROUP BY d.oid, d.datconnlimit
