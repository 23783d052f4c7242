-- Foreign servers that legacy uses: server, wrapper, whether there is a mapping for legacy, for PUBLIC, which new roles have
-- one, and how many foreign tables of the application read from it, and whether one of these mappings does not say
-- password_required=false. Options may hold passwords and are never read.
SELECT s.srvname::text, w.fdwname::text,
       EXISTS (SELECT FROM pg_user_mappings AS m WHERE m.srvid = s.oid AND m.umuser = %(legacy)s::oid),
       EXISTS (SELECT FROM pg_user_mappings AS m WHERE m.srvid = s.oid AND m.umuser = 0),
       (SELECT count(*) FROM pg_foreign_table AS t JOIN pg_class AS c ON c.oid = t.ftrelid
        WHERE t.ftserver = s.oid AND c.relowner = ANY (%(owners)s::oid[])),
       EXISTS (SELECT FROM pg_user_mappings AS m
               WHERE m.srvid = s.oid AND m.umuser IN (0, %(legacy)s::oid)
                 AND NOT 'password_required=false' = ANY (coalesce(m.umoptions, '{}')))
FROM pg_foreign_server AS s
JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
ORDER BY 1
