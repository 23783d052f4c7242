-- Columns of tables of these schemas as an INSERT sees them: name, type, whether the group may insert or update it,
-- NOT NULL, identity, generated, whether a NULL is refused by its domain, and whether a partition key needs it.
WITH RECURSIVE tree (root, oid) AS (
    SELECT c.oid, c.oid
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY (%(schemas)s)
      AND NOT c.relispartition
    UNION ALL
    SELECT t.root, i.inhrelid FROM tree AS t JOIN pg_inherits AS i ON i.inhparent = t.oid
), parts (root, name, computed) AS (
    SELECT t.root, a.attname, k.attnum = 0
    FROM tree AS t
    JOIN pg_partitioned_table AS p ON p.partrelid = t.oid
    CROSS JOIN unnest(p.partattrs::int2[]) AS k (attnum)
    LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.attnum AND k.attnum > 0
), domains (oid, not_null) AS (
    SELECT y.oid, y.typnotnull OR EXISTS (SELECT FROM pg_constraint AS k WHERE k.contypid = y.oid)
    FROM pg_type AS y WHERE y.typtype = 'd'
)
SELECT n.nspname::text AS schema, c.relname::text AS name, json_agg(json_build_array(
           a.attname, quote_ident(m.nspname) || '.' || quote_ident(y.typname),
           has_column_privilege(w.oid, c.oid, a.attnum, 'INSERT'), has_column_privilege(w.oid, c.oid, a.attnum, 'UPDATE'),
           a.attnotnull, a.attidentity <> '', a.attgenerated <> '', coalesce(d.not_null, false),
           EXISTS (SELECT FROM parts AS p WHERE p.root = c.oid AND (p.name = a.attname OR p.computed))) ORDER BY a.attnum)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type AS y ON y.oid = a.atttypid
JOIN pg_namespace AS m ON m.oid = y.typnamespace
LEFT JOIN domains AS d ON d.oid = y.oid
CROSS JOIN (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = %(group)s) AS w
WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY (%(schemas)s)
  AND NOT c.relispartition
GROUP BY n.nspname, c.relname
