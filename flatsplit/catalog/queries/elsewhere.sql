-- Other databases that a role plays a part in: objects and privileges inside them, the database itself, a
-- subscription. A setting for a role names it, but it is no right: whoever dropped its database forgot it there.
-- The bootstrap superuser is pinned (no rows in pg_shdepend), so for it the owner columns
-- are asked, without the databases that the system itself comes with.
WITH other AS (
    SELECT d.oid, d.datname::text AS name, d.datdba
    FROM pg_database AS d
    WHERE d.datname <> current_database())
SELECT s.refobjid AS role, o.name
FROM (
    SELECT DISTINCT d.refobjid, d.dbid
    FROM pg_shdepend AS d
    WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype IN ('o', 'a', 'r', 'i')
      AND d.dbid IN (SELECT o.oid FROM other AS o)) AS s
JOIN other AS o ON o.oid = s.dbid
UNION
SELECT s.refobjid, o.name
FROM pg_shdepend AS s
JOIN other AS o ON o.oid = s.objid
WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype IN ('o', 'a', 'i')
  AND s.dbid = 0 AND s.classid = 'pg_database'::regclass
UNION
SELECT o.datdba, o.name
FROM other AS o
WHERE o.oid >= 16384
UNION
SELECT s.subowner, o.name
FROM pg_subscription AS s
JOIN other AS o ON o.oid = s.subdbid
