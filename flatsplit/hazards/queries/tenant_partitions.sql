-- Partitioned tables, the columns that they are partitioned by, and how many partitions they have.
SELECT n.nspname::text, c.relname::text,
       ARRAY(SELECT a.attname::text FROM unnest(p.partattrs::int2[]) AS k (number)
             JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.number),
       (SELECT count(*) FROM pg_inherits AS i WHERE i.inhparent = c.oid)
FROM pg_partitioned_table AS p
JOIN pg_class AS c ON c.oid = p.partrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY 1, 2
