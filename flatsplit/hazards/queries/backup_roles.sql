-- Roles that could be a backup's: by attribute, by membership.
SELECT r.rolname::text, r.rolreplication,
       EXISTS (SELECT FROM pg_auth_members AS m JOIN pg_roles AS g ON g.oid = m.roleid
               WHERE m.member = r.oid AND g.rolname = 'pg_read_all_data'),
       r.rolsuper
FROM pg_roles AS r
ORDER BY 1
