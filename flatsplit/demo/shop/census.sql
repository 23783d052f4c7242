-- What a role owns in this database, by kind; indexes and row types follow their tables and are not counted.
SELECT kind, count(*)
FROM (
    SELECT CASE relkind WHEN 'v' THEN 'views' WHEN 'm' THEN 'materialized views' WHEN 'S' THEN 'sequences'
           ELSE CASE WHEN relispartition THEN 'partitions' ELSE 'tables' END END AS kind, relowner AS owner
    FROM pg_class WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    UNION ALL
    SELECT 'routines', proowner FROM pg_proc
    UNION ALL
    SELECT 'types', typowner FROM pg_type LEFT JOIN pg_class c ON c.oid = typrelid
    WHERE typtype IN ('e', 'd', 'r') OR relkind = 'c'
    UNION ALL
    SELECT 'schemas', nspowner FROM pg_namespace
    UNION ALL
    SELECT 'large objects', lomowner FROM pg_largeobject_metadata
    UNION ALL
    SELECT 'others', collowner FROM pg_collation
    UNION ALL
    SELECT 'others', cfgowner FROM pg_ts_config
    UNION ALL
    SELECT 'others', stxowner FROM pg_statistic_ext
    UNION ALL
    SELECT 'others', oprowner FROM pg_operator
) AS owned
WHERE owner = (SELECT oid FROM pg_roles WHERE rolname = %(role)s)
GROUP BY kind
ORDER BY count(*) DESC, kind
