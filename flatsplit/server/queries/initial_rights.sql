-- Rights of a role that an extension's script gave it (pg_init_privs; 17 and later keep a dependency for them). Those in
-- an extension of its own go back with it: REASSIGN OWNED rewrites them (ReplaceRoleInInitPriv in aclchk.c).
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS object
FROM pg_shdepend AS d
WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'i'
  AND d.refobjid = (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = %(role)s)
  AND d.dbid IN (0, (SELECT m.oid FROM pg_database AS m WHERE m.datname = current_database()))
  AND NOT EXISTS (SELECT FROM pg_depend AS e
                  JOIN pg_extension AS x ON x.oid = e.refobjid AND x.extowner = d.refobjid
                  WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e'
                    AND e.refclassid = 'pg_extension'::regclass)
ORDER BY 1
