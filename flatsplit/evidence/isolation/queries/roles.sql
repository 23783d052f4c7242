-- The group, its members, theirs, and the roles that are mapped to tenants: what each may, whether it is a member of the
-- group itself, inherits from it, or may give it on; the other roles it can become or inherits from, and the group's.
-- Before 16 a membership has no INHERIT and SET options: there the names mean the NULL beside it.
WITH RECURSIVE given AS MATERIALIZED (
    SELECT m.*
    FROM (SELECT NULL::boolean AS inherit_option, NULL::boolean AS set_option) AS before_16,
        LATERAL (SELECT a.roleid, a.member, a.admin_option, inherit_option, set_option FROM pg_auth_members AS a) AS m
), members (oid) AS (
    SELECT r.oid FROM pg_roles AS r WHERE r.rolname = %(group)s OR r.rolname IN (SELECT unnest(%(mapped)s::name[]))
    UNION
    SELECT m.member FROM given AS m JOIN members AS b ON m.roleid = b.oid
    WHERE (coalesce(m.inherit_option, true) OR coalesce(m.set_option, true))
      AND NOT b.oid IN (SELECT t.oid FROM pg_roles AS t WHERE t.rolname IN (SELECT unnest(%(mapped)s::name[])))
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
           bool_or(coalesce(m.inherit_option, i.rolinherit)) AS inherit
    FROM given AS m
    JOIN pg_roles AS g ON g.oid = m.roleid AND g.rolname = %(group)s
    JOIN pg_roles AS i ON i.oid = m.member
    GROUP BY m.member) AS d ON d.member = b.oid
LEFT JOIN (
    SELECT u.start, array_agg(o.rolname::text ORDER BY o.rolname) AS others
    FROM up AS u JOIN pg_roles AS o ON o.oid = u.oid GROUP BY u.start) AS a ON a.start = b.oid
ORDER BY r.rolname
