-- What tenants hold or own themselves in this database, without the group.
SELECT r.rolname::text AS name, d.deptype = 'o' AS owns, pg_describe_object(d.classid, d.objid, 0) AS what
FROM pg_shdepend AS d
JOIN pg_roles AS r ON r.oid = d.refobjid
WHERE d.refclassid = 'pg_authid'::regclass AND r.rolname = ANY (%(names)s) AND d.deptype IN ('a', 'o')
  AND d.dbid = (SELECT b.oid FROM pg_database AS b WHERE b.datname = current_database())
  AND d.classid <> 'pg_largeobject'::regclass AND d.classid <> 'pg_largeobject_metadata'::regclass
ORDER BY 1, 3
