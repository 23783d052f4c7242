-- What decides who sees which rows, as one value per table with policies: schema, table, digest of its policies and of the
-- functions that they call. The split's own roles are left out of it: their place in a policy is what its steps change.
SELECT n.nspname::text, c.relname::text,
       md5(string_agg(concat_ws(',', p.polname, p.polcmd, p.polpermissive, p.polqual, p.polwithcheck, c.relrowsecurity,
                                c.relforcerowsecurity, others.names, called.sources), ';' ORDER BY p.polname))
FROM pg_policy AS p
JOIN pg_class AS c ON c.oid = p.polrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT string_agg(r.rolname, ',' ORDER BY r.rolname) AS names
    FROM pg_roles AS r WHERE r.oid = ANY (p.polroles) AND r.rolname <> ALL (%(ours)s)
) AS others
CROSS JOIN LATERAL (
    SELECT string_agg(concat_ws(',', f.oid, f.prosrc, f.prosecdef, f.proowner), ';' ORDER BY f.oid) AS sources
    FROM pg_depend AS d
    JOIN pg_proc AS f ON f.oid = d.refobjid AND d.refclassid = 'pg_proc'::regclass
    WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid
) AS called
GROUP BY 1, 2
