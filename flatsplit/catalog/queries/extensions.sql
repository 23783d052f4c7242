-- Extensions. No statement changes the owner of one, apart from REASSIGN OWNED. Whoever owns the members of one that is
-- not trusted, or of one with C routines that run as their owner or that its script takes from PUBLIC (pg_init_privs),
-- could do more than an ordinary owner: only a superuser may install it. A trusted one's members belong to the bootstrap
-- superuser unless a superuser installed it (execute_extension_script in extension.c); his own cannot be moved at all.
SELECT e.oid, 'extension' AS kind, '' AS schema, e.extname::text AS name, '' AS args,
       e.extowner AS owner, NULL::aclitem[] AS acl, NULL AS acltype, false AS follows,
       CASE WHEN e.extowner <> 10 AND e.oid >= 16384 AND EXISTS (
                SELECT FROM pg_shdepend AS d
                JOIN pg_depend AS m ON m.classid = d.classid AND m.objid = d.objid AND m.deptype = 'e'
                 AND m.refclassid = 'pg_extension'::regclass
                WHERE d.dbid = (SELECT b.oid FROM pg_database AS b WHERE b.datname = current_database())
                  AND d.refclassid = 'pg_authid'::regclass AND d.refobjid = e.extowner AND d.deptype = 'o'
                  AND m.refobjid = e.oid)
            THEN CASE WHEN e.extname NOT IN (
                               SELECT v.name FROM pg_available_extension_versions AS v
                               GROUP BY v.name HAVING bool_and(v.trusted))
                        OR EXISTS (
                               SELECT FROM pg_depend AS m
                               JOIN pg_proc AS p ON p.oid = m.objid
                               JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname IN ('c', 'internal')
                               LEFT JOIN pg_init_privs AS i ON i.classoid = m.classid AND i.objoid = m.objid
                               WHERE m.classid = 'pg_proc'::regclass AND m.deptype = 'e'
                                 AND m.refclassid = 'pg_extension'::regclass AND m.refobjid = e.oid
                                 AND (p.prosecdef OR i.initprivs IS NOT NULL AND NOT EXISTS (
                                          SELECT FROM aclexplode(i.initprivs) AS x WHERE x.grantee = 0)))
                 THEN 'powerful' ELSE '' END
            ELSE '' END AS note
FROM pg_extension AS e
