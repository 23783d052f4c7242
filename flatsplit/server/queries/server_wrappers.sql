-- Foreign servers and their wrappers.
SELECT s.srvname::text, w.fdwname::text
FROM pg_foreign_server AS s
JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
