-- What policies for everybody, legacy or app_user call and read, on tables with row security that the application owns or
-- that lie in a schema in scope: the table, whether the policy is one for reading, and the routine or relation.
-- Expressions of policies run with the privileges of whoever reads or writes (manual, "Row Security Policies"); what
-- PostgreSQL itself brings is no dependency of theirs.
SELECT n.nspname::text, c.relname::text, p.polcmd IN ('r', '*'),
       CASE WHEN f.oid IS NULL THEN
                CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized_view' WHEN 'f' THEN 'foreign_table'
                     ELSE 'table' END
            WHEN f.prokind = 'a' THEN 'aggregate' ELSE 'function' END,
       coalesce(fn.nspname, rn.nspname)::text, coalesce(f.proname, r.relname)::text,
       coalesce(CASE WHEN f.prokind = 'a' THEN (
           SELECT string_agg(format_type(a.type, NULL), ', ' ORDER BY a.position)
           FROM unnest(f.proargtypes::oid[]) WITH ORDINALITY AS a (type, position))
       ELSE pg_get_function_identity_arguments(f.oid) END, '')
FROM pg_policy AS p
JOIN pg_class AS c ON c.oid = p.polrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_depend AS d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.deptype = 'n'
LEFT JOIN pg_proc AS f ON d.refclassid = 'pg_proc'::regclass AND f.oid = d.refobjid
LEFT JOIN pg_namespace AS fn ON fn.oid = f.pronamespace
LEFT JOIN pg_class AS r ON d.refclassid = 'pg_class'::regclass AND r.oid = d.refobjid AND r.oid <> c.oid
LEFT JOIN pg_namespace AS rn ON rn.oid = r.relnamespace
WHERE c.relrowsecurity AND (f.oid IS NOT NULL OR r.oid IS NOT NULL)
  AND (c.relowner = ANY (%(owners)s::oid[]) OR n.nspname = ANY (%(schemas)s::text[]))
  AND (p.polroles = '{0}' OR p.polroles && %(readers)s::oid[])
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY 1, 2, 5, 6, 7
