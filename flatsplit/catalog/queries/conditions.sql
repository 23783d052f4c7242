-- What each policy says. Only those on, or asking, the tables that say which role is whose are printed: since 17 that locks
-- the table for a moment (ACCESS SHARE), and always those in a subselect. Of others it is enough to know whether they let
-- every row through, and that they are what they were. Of the rows (by oid and xmin) that are known nothing is printed again.
SELECT p.oid::bigint AS oid, p.xmin::text AS xmin,
       n.nspname::text AS schema, c.relname::text AS name, p.polname::text AS policy, p.polpermissive, p.polcmd::text,
       CASE WHEN k.oid IS NOT NULL THEN NULL
            WHEN p.polqual IS NULL THEN ''
            WHEN p.polqual::text LIKE '{CONST :consttype 16 %% :constvalue 1 [ 1 %%' THEN 'true'
            WHEN a.asks THEN pg_get_expr(p.polqual, p.polrelid)
            ELSE 'tree ' || md5(p.polqual::text) END AS using,
       CASE WHEN k.oid IS NOT NULL THEN NULL
            WHEN p.polwithcheck IS NULL THEN ''
            WHEN p.polwithcheck::text LIKE '{CONST :consttype 16 %% :constvalue 1 [ 1 %%' THEN 'true'
            WHEN a.asks THEN pg_get_expr(p.polwithcheck, p.polrelid)
            ELSE 'tree ' || md5(p.polwithcheck::text) END AS check
FROM pg_policy AS p
JOIN pg_class AS c ON c.oid = p.polrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN unnest(%s::oid[], %s::text[]) AS k (oid, xmin) ON k.oid = p.oid AND k.xmin = p.xmin::text
CROSS JOIN LATERAL (
    SELECT k.oid IS NULL AND (p.polrelid = ANY (%s::oid[]) OR EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_class'::regclass
          AND d.refobjid = ANY (%s::oid[]))) AS asks) AS a
