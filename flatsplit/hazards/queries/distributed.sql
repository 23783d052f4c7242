-- Tables of the application that Citus distributes.
SELECT c.oid::regclass::text
FROM pg_catalog.pg_dist_partition AS p
JOIN pg_class AS c ON c.oid = p.logicalrelid
WHERE c.relowner = ANY (%(owners)s::oid[])
ORDER BY 1
