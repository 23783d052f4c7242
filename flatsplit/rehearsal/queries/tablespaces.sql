-- Relations with a tablespace of their own, or one that their partitions get: oid, tablespace.
SELECT c.oid, t.spcname::text FROM pg_class AS c JOIN pg_tablespace AS t ON t.oid = c.reltablespace
WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p')
