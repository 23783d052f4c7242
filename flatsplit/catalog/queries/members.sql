-- Memberships. Before 16 there are neither INHERIT and SET options nor an oid, and a grantor may have been dropped.
SELECT m.roleid, m.member, m.grantor, m.admin_option,
       (to_jsonb(m) ->> 'inherit_option')::boolean AS inherit,
       (to_jsonb(m) ->> 'set_option')::boolean AS set,
       (to_jsonb(m) ->> 'oid')::oid AS oid
FROM pg_auth_members AS m
