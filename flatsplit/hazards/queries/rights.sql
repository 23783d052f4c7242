-- What the operator may read, and which extensions' tables are there, in the order of READABLE and PRESENT.
WITH tables AS (
    SELECT e.extname::text AS extension, n.nspname || '.' || c.relname AS name,
           has_schema_privilege(n.oid, 'usage') AND has_table_privilege(c.oid, 'select')
               AND NOT row_security_active(c.oid) AS readable
    FROM pg_extension AS e
    JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
    JOIN pg_class AS c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.relkind = 'r'
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE e.extname IN ('pg_cron', 'timescaledb', 'citus')
)
SELECT has_function_privilege('pg_catalog.pg_hba_file_rules()', 'execute'),
       pg_has_role('pg_read_all_stats', 'usage'),
       pg_has_role('pg_read_all_settings', 'usage'),
       has_table_privilege('pg_catalog.pg_authid', 'select'),
       NOT EXISTS (SELECT FROM tables WHERE extension = 'pg_cron' AND name = 'cron.job' AND NOT readable),
       EXISTS (SELECT FROM tables WHERE extension = 'pg_cron' AND name = 'cron.job'),
       EXISTS (SELECT FROM tables WHERE extension = 'timescaledb' AND name = '_timescaledb_catalog.hypertable'),
       EXISTS (SELECT FROM tables WHERE extension = 'citus' AND name = 'pg_catalog.pg_dist_partition')
