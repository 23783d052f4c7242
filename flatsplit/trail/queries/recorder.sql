-- Whether there is a table of the recorder's, whether it may be read, and from when to when it tells.
SELECT has_schema_privilege(c.relnamespace, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
FROM pg_class AS c
WHERE c.relnamespace = to_regnamespace('flatsplit') AND c.relname = 'ddl' AND c.relkind = 'r'
