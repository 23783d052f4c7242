-- Security labels of roles, which are the cluster's; those of Azure's for logins by token are another hazard's.
SELECT r.rolname::text, l.provider, l.label
FROM pg_shseclabel AS l
JOIN pg_roles AS r ON r.oid = l.objoid
WHERE l.classoid = 'pg_authid'::regclass AND l.provider <> 'pgaadauth'
ORDER BY 1, 2
