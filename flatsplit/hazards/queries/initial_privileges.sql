-- Extensions with objects whose initial privileges name legacy: name, number of objects.
SELECT coalesce(x.extname, 'none')::text, count(DISTINCT (p.classoid, p.objoid, p.objsubid))
FROM pg_init_privs AS p
LEFT JOIN pg_depend AS d ON d.classid = p.classoid AND d.objid = p.objoid AND d.objsubid = 0 AND d.deptype = 'e'
                        AND d.refclassid = 'pg_extension'::regclass
LEFT JOIN pg_extension AS x ON x.oid = d.refobjid
WHERE EXISTS (SELECT FROM aclexplode(p.initprivs) AS a WHERE %(legacy)s::oid IN (a.grantee, a.grantor))
GROUP BY 1
ORDER BY 1
