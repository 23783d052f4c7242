-- The group, its members, theirs, and the roles that are mapped to tenants: what each may, whether it is a member of the
-- group itself, inherits from it, or may give it on; the other roles it can become or inherits from, and the group's.
WITH RECURSIVE members (oid) AS (
    SELECT r.oid FROM pg_roles AS r WHERE r.rolname = %(group)s OR r.rolname = ANY (%(mapped)s)
    UNION
    SELECT m.member FROM pg_auth_members AS m JOIN members AS b ON m.roleid = b.oid
    WHERE (coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true) OR coalesce((to_jsonb(m) ->> 'set_option')::boolean, true))
      AND NOT b.oid IN (SELECT t.oid FROM pg_roles AS t WHERE t.rolname = ANY (%(mapped)s))
), up (start, oid) AS (
    SELECT b.oid, m.roleid
    FROM members AS b JOIN pg_auth_members AS m ON m.member = b.oid
    WHERE m.roleid <> (SELECT g.oid FROM pg_roles AS g WHERE g.rolname = %(group)s)
    UNION
    SELECT u.start, m.roleid
    FROM up AS u JOIN pg_auth_members AS m ON m.member = u.oid
    WHERE m.roleid <> (SELECT g.oid FROM pg_roles AS g WHERE g.rolname = %(group)s)
)
SELECT r.rolname::text AS name, d.member IS NOT NULL AS direct, coalesce(d.inherit, false) AS inherit,
       coalesce(d.admin, false) AS admin, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolreplication,
       coalesce(a.others, '{}') AS others
FROM members AS b
JOIN pg_roles AS r ON r.oid = b.oid
LEFT JOIN (
    SELECT m.member, bool_or(m.admin_option) AS admin,
           bool_or(coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, i.rolinherit)) AS inherit
    FROM pg_auth_members AS m
    JOIN pg_roles AS g ON g.oid = m.roleid AND g.rolname = %(group)s
    JOIN pg_roles AS i ON i.oid = m.member
    GROUP BY m.member) AS d ON d.member = b.oid
LEFT JOIN (
    SELECT u.start, array_agg(o.rolname::text ORDER BY o.rolname) AS others
    FROM up AS u JOIN pg_roles AS o ON o.oid = u.oid GROUP BY u.start) AS a ON a.start = b.oid
ORDER BY r.rolname
