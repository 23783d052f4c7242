-- Whether anything has changed that the other questions about tables ask for, in any schema: rows that come or are changed
-- have a younger xmin than all before them, so a sum and a number tell. GRANT, policies and row-level security change
-- pg_class alone, of which names, kinds and owners are compared. How many rows a table has is left out.
SELECT (SELECT json_build_array(count(*), sum(a.xmin::text::bigint)) FROM pg_attribute AS a WHERE a.attnum > 0)::text,
       (SELECT json_build_array(count(*), sum(k.xmin::text::bigint)) FROM pg_constraint AS k)::text,
       (SELECT json_build_array(count(*), sum(i.xmin::text::bigint)) FROM pg_index AS i)::text,
       (SELECT json_build_array(count(*), sum(i.xmin::text::bigint)) FROM pg_inherits AS i)::text,
       (SELECT json_build_array(count(*), sum(e.xmin::text::bigint)) FROM pg_attrdef AS e)::text,
       (SELECT json_build_array(count(*), sum(y.xmin::text::bigint)) FROM pg_type AS y)::text,
       (SELECT json_build_array(count(*), sum(f.xmin::text::bigint)) FROM pg_proc AS f WHERE f.oid >= 16384)::text,
       (SELECT json_build_array(count(*), sum(n.xmin::text::bigint)) FROM pg_namespace AS n
        WHERE n.nspname !~ '^pg_(toast_)?temp_')::text,
       (SELECT json_build_array(count(*), sum(d.xmin::text::bigint)) FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i', 'e'))::text,
       (SELECT json_build_array(count(*), sum(hashtextextended(
                   c.relkind::text || c.relnamespace::text || '.' || c.relname || pg_get_userbyid(c.relowner),
                   c.oid::bigint)))
        FROM pg_class AS c)::text
