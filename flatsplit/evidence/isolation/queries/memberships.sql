-- The memberships of these roles, one a grantor where the server keeps them apart.
SELECT g.rolname::text AS role, m.rolname::text AS member, coalesce(b.rolname::text, '') AS grantor
FROM pg_auth_members AS a
JOIN pg_roles AS g ON g.oid = a.roleid
JOIN pg_roles AS m ON m.oid = a.member AND m.rolname = ANY (%(names)s)
LEFT JOIN pg_roles AS b ON b.oid = a.grantor
ORDER BY 1, 2, 3
