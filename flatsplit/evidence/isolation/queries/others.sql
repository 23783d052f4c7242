-- Roles that are no tenants and no superusers and may act as a tenant.
SELECT t.rolname::text AS tenant, o.rolname::text AS other
FROM pg_auth_members AS m
JOIN pg_roles AS t ON t.oid = m.roleid AND t.rolname = ANY (%(names)s)
JOIN pg_roles AS o ON o.oid = m.member AND NOT o.rolsuper AND NOT o.rolname = ANY (%(names)s)
WHERE coalesce((to_jsonb(m) ->> 'set_option')::boolean, true) OR coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)
GROUP BY 1, 2
ORDER BY 1, 2
