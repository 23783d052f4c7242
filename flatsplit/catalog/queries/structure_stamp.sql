-- Whether anything has changed that the other questions about tables ask for, in any schema. A row that comes or is changed
-- has another xmin than any that was seen before: those of all rows are added up, scattered, so that no two changes make up
-- for each other. GRANT, policies and row-level security change pg_class and pg_namespace alone, of which names, kinds and
-- owners are compared. That an index has become valid, early releases of 13 write into the row that is there
-- (index_set_state_flags in index.c). How many rows a table has is left out. Nothing here looks past the snapshot, as pg_get_userbyid() would.
SELECT (SELECT json_build_array(count(*), sum(hashtextextended(a.xmin::text, 0)))
        FROM pg_attribute AS a WHERE a.attnum > 0)::text,
       (SELECT json_build_array(count(*), sum(hashtextextended(k.xmin::text, 0))) FROM pg_constraint AS k)::text,
       (SELECT json_build_array(count(*), sum(hashtextextended(i.xmin::text || i.indisvalid, i.indexrelid::bigint)))
        FROM pg_index AS i)::text,
       (SELECT json_build_array(count(*), sum(hashtextextended(i.xmin::text, 0))) FROM pg_inherits AS i)::text,
       (SELECT json_build_array(count(*), sum(hashtextextended(e.xmin::text, 0))) FROM pg_attrdef AS e)::text,
       (SELECT json_build_array(count(*), sum(hashtextextended(y.xmin::text, 0))) FROM pg_type AS y)::text,
       (SELECT json_build_array(count(*), sum(hashtextextended(n.nspname, n.oid::bigint))) FROM pg_namespace AS n
        WHERE n.nspname !~ '^pg_(toast_)?temp_')::text,
       (SELECT json_build_array(count(*), sum(hashtextextended(d.xmin::text, 0))) FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i', 'e'))::text,
       (SELECT json_agg(json_build_array(o.relowner, r.rolname, o.number, o.names) ORDER BY o.relowner)
        FROM (SELECT c.relowner, count(*) AS number, sum(hashtextextended(
                         c.relkind::text || c.relnamespace::text || '.' || c.relname, c.oid::bigint)) AS names
              FROM pg_class AS c
              GROUP BY 1) AS o
        LEFT JOIN pg_roles AS r ON r.oid = o.relowner)::text
