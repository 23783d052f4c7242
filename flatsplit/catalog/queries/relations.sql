-- Tables of all kinds, views and sequences. Indexes, TOAST tables and the relations behind composite types
-- follow what they belong to. The sequence of a serial or identity column follows its table
-- (ATExecChangeOwner, "Cannot change owner of sequence"): pg_depend a or i on a column.
SELECT c.oid,
       CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned_table' WHEN 'f' THEN 'foreign_table'
                      WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized_view' ELSE 'sequence' END AS kind,
       n.nspname AS schema, c.relname::text AS name, '' AS args,
       c.relowner AS owner, c.relacl AS acl,
       CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END AS acltype,
       CASE c.relkind WHEN 'S' THEN EXISTS (
           SELECT FROM pg_depend AS s
           WHERE s.classid = 'pg_class'::regclass AND s.objid = c.oid AND s.objsubid = 0
             AND s.refclassid = 'pg_class'::regclass AND s.refobjsubid > 0 AND s.deptype IN ('a', 'i'))
           ELSE false END AS follows,
       '' AS note
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
