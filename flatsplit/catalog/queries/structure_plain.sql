-- Whether reading a table with the rights of a superuser runs nobody's code: it is an ordinary table without rules or
-- children, and neither its indexes nor its statistics stand on functions, operators or types that are not the server's
-- own (planning folds the immutable ones among them). Builtins leave no dependency.
SELECT c.relkind = 'r' AND NOT c.relhasrules
   AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE c.oid IN (i.inhparent, i.inhrelid))
   AND NOT EXISTS (
       SELECT FROM pg_depend AS d
       WHERE d.refobjid >= 16384
         AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_opclass'::regclass,
                              'pg_opfamily'::regclass, 'pg_type'::regclass)
         AND (d.classid = 'pg_class'::regclass
                  AND d.objid IN (SELECT i.indexrelid FROM pg_index AS i WHERE i.indrelid = c.oid)
              OR d.classid = 'pg_statistic_ext'::regclass
                  AND d.objid IN (SELECT s.oid FROM pg_statistic_ext AS s WHERE s.stxrelid = c.oid))) AS plain
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relname = %s
