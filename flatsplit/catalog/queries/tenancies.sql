-- The table that says which role is which tenant's, known by its comment: where it is, the type of a key, whether we may
-- read it as ourselves (no policy counts for us), or as its owner, whom we may become in a transaction that may write;
-- and what speaks against reading it: that must run nobody's code, nor wait for anybody.
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, format_type(a.atttypid, NULL) AS key_type,
       o.rolname::text AS owner,
       CASE WHEN has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE')
                 AND NOT row_security_active(c.oid) THEN 'ourselves'
            WHEN NOT o.rolsuper AND o.oid <> r.oid AND current_setting('transaction_read_only') = 'off'
                 AND (pg_has_role(o.oid, 'MEMBER WITH ADMIN OPTION')
                      OR r.rolcreaterole AND current_setting('server_version_num')::integer < 160000) THEN 'owner'
            ELSE '' END AS reads,
       c.relhasrules OR EXISTS (SELECT FROM pg_inherits AS i WHERE c.oid IN (i.inhparent, i.inhrelid))
       OR EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
       OR EXISTS (SELECT FROM pg_statistic_ext AS s
                  WHERE s.stxrelid = c.oid AND to_jsonb(s) ->> 'stxexprs' IS NOT NULL)
       OR EXISTS (SELECT FROM pg_attribute AS g WHERE g.attrelid = c.oid AND g.attgenerated <> '')
       OR EXISTS (SELECT FROM pg_type AS t
                  WHERE t.oid = a.atttypid AND (t.typtype <> 'b' OR t.typnamespace <> 'pg_catalog'::regnamespace))
       AS strange
FROM pg_description AS d
JOIN pg_class AS c ON c.oid = d.objoid AND c.relkind = 'r'
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_roles AS o ON o.oid = c.relowner
JOIN pg_roles AS r ON r.rolname = current_user
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped
JOIN pg_attribute AS b ON b.attrelid = c.oid AND b.attname = 'role' AND NOT b.attisdropped
WHERE d.classoid = 'pg_class'::regclass AND d.objsubid = 0 AND d.description = %s AND c.relname = %s
