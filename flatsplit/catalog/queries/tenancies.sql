-- The table that says which role is which tenant's, known by its comment: where it is, the type of a key, whether we may
-- read it (policies that count for us name nothing but the table), and what speaks against that: reading it must run
-- nobody's code, nor wait for anybody.
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, format_type(a.atttypid, NULL) AS key_type,
       has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE')
           AND (NOT row_security_active(c.oid) OR NOT EXISTS (
               SELECT FROM pg_policy AS p JOIN pg_depend AS e ON e.classid = 'pg_policy'::regclass AND e.objid = p.oid
               WHERE p.polrelid = c.oid AND e.refobjid >= 16384 AND e.refobjid <> c.oid)) AS readable,
       c.relhasrules OR EXISTS (SELECT FROM pg_inherits AS i WHERE c.oid IN (i.inhparent, i.inhrelid))
       OR EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
       OR EXISTS (SELECT FROM pg_statistic_ext AS s
                  WHERE s.stxrelid = c.oid AND to_jsonb(s) ->> 'stxexprs' IS NOT NULL)
       OR EXISTS (SELECT FROM pg_attribute AS g WHERE g.attrelid = c.oid AND g.attgenerated <> '')
       OR EXISTS (SELECT FROM pg_type AS t
                  WHERE t.oid = a.atttypid AND (t.typtype <> 'b' OR t.typnamespace <> 'pg_catalog'::regnamespace))
       AS strange, row_security_active(c.oid) AS guarded
FROM pg_description AS d
JOIN pg_class AS c ON c.oid = d.objoid AND c.relkind = 'r'
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped
JOIN pg_attribute AS b ON b.attrelid = c.oid AND b.attname = 'role' AND NOT b.attisdropped
WHERE d.classoid = 'pg_class'::regclass AND d.objsubid = 0 AND d.description = %s AND c.relname = %s
