-- From where legacy and who acts as it are connected to this database, how, and as whom.
SELECT DISTINCT host(a.client_addr), coalesce(s.ssl, false), coalesce(g.encrypted, false), a.usename::text
FROM pg_stat_activity AS a
LEFT JOIN pg_stat_ssl AS s ON s.pid = a.pid
LEFT JOIN pg_stat_gssapi AS g ON g.pid = a.pid
WHERE a.usesysid = ANY (%(acting)s::oid[]) AND a.datname = current_database() AND a.backend_type = 'client backend'
ORDER BY 1, 2, 3, 4
