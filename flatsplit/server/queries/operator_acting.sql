-- Roles whose rights the operator lacks for now; and, on 16 and later, the membership in them that it gave itself
SELECT r.rolname::text,
       (to_jsonb(m) ->> 'admin_option')::boolean,
       (to_jsonb(m) ->> 'inherit_option')::boolean,
       (to_jsonb(m) ->> 'set_option')::boolean
FROM pg_catalog.pg_roles AS r
JOIN pg_catalog.pg_roles AS me ON me.rolname = current_user
LEFT JOIN pg_catalog.pg_auth_members AS m ON m.roleid = r.oid AND m.member = me.oid AND m.grantor = me.oid
WHERE r.rolname = ANY (%(roles)s)
  AND NOT r.rolsuper
  AND NOT me.rolsuper
  AND r.oid <> me.oid
  -- Before 16 who is a member and does not inherit would gain nothing by another grant, and lose the one it has
  AND NOT (pg_catalog.pg_has_role(me.oid, r.oid, %(mode)s)
           AND (%(mode)s = 'MEMBER' OR pg_catalog.pg_has_role(me.oid, r.oid, 'USAGE')))
ORDER BY r.rolname
