-- Foreign tables that whoever reads them needs a user mapping for: schema, name, server. Not where everybody has one, nor of
-- file_fdw, which asks for none.
SELECT n.nspname::text, c.relname::text, s.srvname::text
FROM pg_foreign_table AS t
JOIN pg_class AS c ON c.oid = t.ftrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_foreign_server AS s ON s.oid = t.ftserver
JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
WHERE w.fdwname <> 'file_fdw' AND NOT EXISTS (SELECT FROM pg_user_mappings AS m WHERE m.srvid = s.oid AND m.umuser = 0)
ORDER BY 1, 2
