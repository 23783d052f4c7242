-- Lists of rights that take most of what their row may take. Every catalog with such a list has a TOAST table for it but
-- these three, so there the compressed list has to fit into a page with the rest of its row (MaxHeapTupleSize in
-- htup_details.h; "row is too big"): class or column or large object, schema, name, column, bytes that the row takes,
-- bytes that it may take. Then, for the way out, the rights that most grantees have alike from the owner, whom of them
-- membership would serve as well (in a hash, to tell who are the same elsewhere), and how many they are.
WITH page AS (
    SELECT current_setting('block_size')::int - 32 AS room
), full_ones AS (
    SELECT 'relation' AS what, n.nspname AS schema, c.relname AS name, '' AS col,
           c.relowner AS owner, c.relacl AS acl, pg_column_size(c.*) AS size
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN page AS p
    WHERE c.relacl IS NOT NULL AND pg_column_size(c.relacl) > p.room / 2
    UNION ALL
    SELECT 'column', n.nspname, c.relname, a.attname, c.relowner, a.attacl, pg_column_size(a.*)
    FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN page AS p
    WHERE a.attacl IS NOT NULL AND pg_column_size(a.attacl) > p.room / 2
    UNION ALL
    SELECT 'large_object', '', l.oid::text, '', l.lomowner, l.lomacl, pg_column_size(l.*)
    FROM pg_largeobject_metadata AS l
    CROSS JOIN page AS p
    WHERE pg_column_size(l.lomacl) > p.room / 2
)
SELECT f.what, f.schema::text, f.name::text, f.col::text, f.size, p.room, alike.rights, alike.who, alike.count
FROM full_ones AS f
CROSS JOIN page AS p
LEFT JOIN LATERAL (
    SELECT g.rights, md5(string_agg(g.grantee::text, ' ' ORDER BY g.grantee)) AS who, count(*) AS count
    FROM (SELECT e.grantee, string_agg(e.privilege_type, ', ' ORDER BY e.privilege_type) AS rights
          FROM aclexplode(f.acl) AS e
          JOIN pg_roles AS r ON r.oid = e.grantee
          WHERE e.grantor = f.owner AND e.grantee <> f.owner AND r.rolinherit
            AND r.rolname <> ALL (%(new_names)s::text[]) AND r.rolname <> %(legacy_name)s
          GROUP BY e.grantee
          HAVING NOT bool_or(e.is_grantable)) AS g
    GROUP BY g.rights
    ORDER BY count(*) DESC, g.rights
    LIMIT 1
) AS alike ON true
ORDER BY 1, 2, 3, 4
