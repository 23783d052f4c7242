-- Tables of these schemas with their columns: number, name, type without its modifier, NOT NULL (a primary key's are),
-- whether the type is a base type of the server's own, and a collation of its own. Partitions and inheritance children
-- say so, the latter of whom; so does who has foreign ones.
-- A domain counts as the type that it is over where the server compares it as that: it writes the comparison with a cast,
-- which flatsplit.ddl.conditions reads for these types. Under a nondeterministic collation different values are equal, so
-- the type with that is another.
WITH RECURSIVE domains (oid, base) AS (
    SELECT d.oid, d.typbasetype FROM pg_type AS d WHERE d.typtype = 'd'
    UNION ALL
    SELECT o.oid, d.typbasetype FROM domains AS o JOIN pg_type AS d ON d.oid = o.base AND d.typtype = 'd'
), bases (oid, base) AS (
    SELECT d.oid, d.base
    FROM domains AS d JOIN pg_type AS b ON b.oid = d.base
    WHERE b.typnamespace = 'pg_catalog'::regnamespace
      AND b.typname IN ('text', 'varchar', 'int2', 'int4', 'int8', 'numeric', 'uuid')
), collations (oid, name, collisdeterministic) AS (
    SELECT l.oid, quote_ident(n.nspname) || '.' || quote_ident(l.collname), l.collisdeterministic
    FROM pg_collation AS l JOIN pg_namespace AS n ON n.oid = l.collnamespace
    WHERE l.collname <> 'default' OR l.collnamespace <> 'pg_catalog'::regnamespace
)
SELECT c.oid, CASE c.relkind WHEN 'r' THEN 'table' ELSE 'partitioned_table' END AS kind,
       n.nspname::text AS schema, c.relname::text AS name, pg_get_userbyid(c.relowner)::text AS owner,
       EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = c.oid) AS part,
       CASE c.relkind WHEN 'r' THEN c.reltuples ELSE (
           SELECT coalesce(sum(greatest(p.reltuples, 0)), 0)
           FROM pg_partition_tree(c.oid) AS t JOIN pg_class AS p ON p.oid = t.relid WHERE t.isleaf) END::float8 AS rows,
       coalesce((
           SELECT json_agg(json_build_array(
                      a.attnum, a.attname,
                      format_type(y.oid, NULL)
                          || CASE WHEN l.collisdeterministic THEN '' ELSE coalesce(' COLLATE ' || l.name, '') END,
                      a.attnotnull,
                      y.typtype = 'b' AND y.typnamespace = 'pg_catalog'::regnamespace
                          AND l.collisdeterministic IS NOT FALSE,
                      coalesce(l.name, ''))
                  ORDER BY a.attnum)
           FROM pg_attribute AS a LEFT JOIN bases AS b ON b.oid = a.atttypid
           JOIN pg_type AS y ON y.oid = coalesce(b.base, a.atttypid)
           LEFT JOIN collations AS l ON l.oid = a.attcollation
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns,
       CASE WHEN NOT c.relispartition THEN (
           SELECT json_agg(json_build_array(m.nspname, p.relname) ORDER BY i.inhseqno)
           FROM pg_inherits AS i JOIN pg_class AS p ON p.oid = i.inhparent JOIN pg_namespace AS m ON m.oid = p.relnamespace
           WHERE i.inhrelid = c.oid) END AS inherits,
       c.relhassubclass AND EXISTS (
           SELECT FROM pg_class AS f
           WHERE f.relkind = 'f' AND f.oid IN (
               SELECT t.relid FROM pg_partition_tree(c.oid) AS t
               UNION ALL SELECT i.inhrelid FROM pg_inherits AS i WHERE i.inhparent = c.oid)) AS shards
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY (%s)
  AND NOT EXISTS (
      SELECT FROM pg_depend AS e
      WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.refclassid = 'pg_extension'::regclass
        AND e.deptype = 'e')
ORDER BY n.nspname, c.relname
