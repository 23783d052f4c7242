-- Which catalogs hold something that depends on a role, in this database or shared?
SELECT d.classid::regclass::text, d.objsubid <> 0 AS columns
FROM pg_shdepend AS d
WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = %s AND d.deptype IN ('o', 'a', 'r', 'i')
  AND d.dbid IN (0, (SELECT m.oid FROM pg_database AS m WHERE m.datname = current_database()))
GROUP BY 1, 2
ORDER BY 1, 2
