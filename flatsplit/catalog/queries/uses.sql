-- Relations that a rule of another relation touches with the rights of that relation's owner: what a view or
-- materialized view reads, what the actions of other rules read or write. A security_invoker view (15 and later)
-- reads with its user's rights (RelationBuildRuleLock in relcache.c).
SELECT CASE v.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned_table' WHEN 'f' THEN 'foreign_table'
                      WHEN 'v' THEN 'view' ELSE 'materialized_view' END AS kind,
       vn.nspname::text AS schema, v.relname::text AS name,
       CASE u.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned_table' WHEN 'f' THEN 'foreign_table'
                      WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized_view' ELSE 'sequence' END AS used_kind,
       un.nspname::text AS used_schema, u.relname::text AS used_name
FROM (
    SELECT DISTINCT r.ev_class AS user, d.refobjid AS used, r.ev_type = '1' AS reads
    FROM pg_rewrite AS r
    JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                       AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
    WHERE r.oid >= 16384) AS p
JOIN pg_class AS v ON v.oid = p.user
JOIN pg_namespace AS vn ON vn.oid = v.relnamespace
JOIN pg_class AS u ON u.oid = p.used AND u.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
JOIN pg_namespace AS un ON un.oid = u.relnamespace
WHERE vn.nspname !~ '^pg_(toast_)?temp_'
  AND NOT (p.reads AND EXISTS (
      SELECT FROM pg_options_to_table(v.reloptions) AS o
      WHERE o.option_name = 'security_invoker' AND o.option_value::boolean))
