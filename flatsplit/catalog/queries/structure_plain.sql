-- Whether all rows of a table are in it: it is an ordinary one without children, and no child itself. And whether an
-- operator that is no superuser may read it as its owner, whom it may become in a transaction that may write.
SELECT c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE c.oid IN (i.inhparent, i.inhrelid)) AS plain,
       NOT o.rolsuper AND o.oid <> r.oid AND current_setting('transaction_read_only') = 'off'
       AND (pg_has_role(o.oid, 'MEMBER WITH ADMIN OPTION')
            OR r.rolcreaterole AND current_setting('server_version_num')::integer < 160000) AS becomes
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_roles AS o ON o.oid = c.relowner
JOIN pg_roles AS r ON r.rolname = current_user
WHERE n.nspname = %s AND c.relname = %s
