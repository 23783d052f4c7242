-- Whether a role owns or may do something in another database, or of one: what DROP ROLE would not have, and no statement
-- in this database could take away (checkSharedDependencies() in pg_shdepend.c).
SELECT
FROM pg_shdepend AS d
WHERE d.refclassid = 'pg_authid'::regclass
  AND d.refobjid = (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = %(role)s)
  AND (d.dbid NOT IN (0, (SELECT m.oid FROM pg_database AS m WHERE m.datname = current_database()))
       OR d.classid = 'pg_database'::regclass
          AND d.objid <> (SELECT m.oid FROM pg_database AS m WHERE m.datname = current_database()))
LIMIT 1
