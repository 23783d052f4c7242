-- Policies for legacy, app_user or everybody on tables with row security that the application owns: the table, the policy,
-- whether it is permissive, whether another permissive one for the same command lets every row through, its stored trees,
-- the bodies of the application's functions that it calls; schema and table apart, whether its owner is under its
-- policies, the names of all its policies, and whether its condition is one about reading. Trees are looked at as text: printing one may wait.
WITH mine AS (
    SELECT p.*, n.nspname || '.' || c.relname AS name, n.nspname, c.relname, c.relforcerowsecurity
    FROM pg_policy AS p
    JOIN pg_class AS c ON c.oid = p.polrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relrowsecurity AND c.relowner = ANY (%(owners)s::oid[])
      AND (p.polroles = '{0}' OR p.polroles && %(readers)s::oid[])
      AND NOT EXISTS (SELECT FROM pg_depend AS e -- an extension's policies are as its makers want them (pg_cron's)
                      WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
)
SELECT m.name::text, m.polname::text,
       m.polpermissive AND EXISTS (
           SELECT FROM pg_policy AS o -- by its index: there may be thousands
           WHERE o.polrelid = m.polrelid AND o.polpermissive AND o.polcmd IN ('*', m.polcmd)
             AND (o.polroles = '{0}' OR o.polroles && %(readers)s::oid[])
             AND coalesce(o.polqual, o.polwithcheck)::text ~ '^\{CONST :consttype 16 .* :constvalue 1 \[ 1 '
             AND (o.polwithcheck IS NULL OR o.polwithcheck::text ~ '^\{CONST :consttype 16 .* :constvalue 1 \[ 1 ')),
       coalesce(m.polqual::text, '') || coalesce(m.polwithcheck::text, ''),
       ARRAY(SELECT f.prosrc || coalesce(to_jsonb(f) ->> 'prosqlbody', '')
             FROM pg_depend AS d
             JOIN pg_proc AS f ON f.oid = d.refobjid AND d.refclassid = 'pg_proc'::regclass
             WHERE d.classid = 'pg_policy'::regclass AND d.objid = m.oid AND f.oid >= 16384),
       m.nspname::text, m.relname::text, m.relforcerowsecurity, m.polpermissive,
       ARRAY(SELECT a.polname::text FROM pg_policy AS a WHERE a.polrelid = m.polrelid),
       m.polcmd IN ('*', 'r') AND (m.polwithcheck IS NULL OR m.polwithcheck::text = m.polqual::text)
FROM mine AS m
ORDER BY 1, 2
