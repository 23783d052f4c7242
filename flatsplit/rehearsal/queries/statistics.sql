-- Where pg_stat_statements is: its function, which has to be the one that came with the server; and whether it is loaded.
SELECT n.nspname::text, l.lanname = 'c' AND p.probin LIKE '%pg_stat_statements',
       current_setting('pg_stat_statements.track', true) IS NOT NULL
FROM pg_extension AS x
JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid AND d.deptype = 'e'
                   AND d.classid = 'pg_proc'::regclass
JOIN pg_proc AS p ON p.oid = d.objid AND p.proname = 'pg_stat_statements'
JOIN pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_language AS l ON l.oid = p.prolang
WHERE x.extname = 'pg_stat_statements'
