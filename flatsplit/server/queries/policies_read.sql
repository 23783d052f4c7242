-- What the policies of a table look into: schema and table of the relations in their conditions, the table itself with them.
SELECT DISTINCT rn.nspname::text, r.relname::text
FROM pg_policy AS p
JOIN pg_class AS c ON c.oid = p.polrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_depend AS d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_class'::regclass
JOIN pg_class AS r ON r.oid = d.refobjid AND r.relkind IN ('r', 'p', 'v', 'm', 'f') AND r.oid >= 16384
JOIN pg_namespace AS rn ON rn.oid = r.relnamespace
WHERE n.nspname = %(schema)s AND c.relname = %(table)s
ORDER BY 1, 2
