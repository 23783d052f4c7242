-- What the group reaches by its own rights and those of everybody, and every table of these schemas: its flags, the rights
-- as letters, and which tables a view reads with its owner's rights, through other views too. Whether a view asks with its
-- caller's rights: what that reads is read so also where another view reads it ("Rules and Privileges"), but for a
-- materialized one, which is filled with its owner's.
WITH RECURSIVE who (oid) AS (
    SELECT r.oid FROM pg_roles AS r WHERE r.rolname = %(group)s
), invoker (oid) AS (
    SELECT c.oid
    FROM pg_class AS c CROSS JOIN LATERAL pg_options_to_table(c.reloptions) AS o
    WHERE c.relkind = 'v' AND o.option_name = 'security_invoker' AND o.option_value::boolean
), uses (view, relation) AS (
    SELECT w.ev_class, d.refobjid
    FROM pg_rewrite AS w
    JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
     AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
    WHERE w.rulename = '_RETURN'
), reads (view, relation) AS (
    SELECT u.view, u.relation FROM uses AS u
    UNION
    SELECT r.view, u.relation
    FROM reads AS r
    JOIN uses AS u ON u.view = r.relation
    JOIN pg_class AS c ON c.oid = r.view
    WHERE c.relkind = 'm' OR u.view NOT IN (SELECT i.oid FROM invoker AS i)
), told (view, relations) AS (
    SELECT r.view, json_agg(json_build_array(n.nspname, t.relname) ORDER BY n.nspname, t.relname)
    FROM reads AS r
    JOIN pg_class AS t ON t.oid = r.relation AND t.relkind IN ('r', 'p', 'f', 'm')
    JOIN pg_namespace AS n ON n.oid = t.relnamespace
    GROUP BY r.view
), found AS (
    SELECT c.oid, c.relkind, n.nspname, c.relname, c.relowner, c.relrowsecurity, c.relforcerowsecurity,
           EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = c.oid) AS part,
           CASE c.relkind WHEN 'S' THEN
               (CASE WHEN has_sequence_privilege(w.oid, c.oid, 'SELECT') THEN 'r' ELSE '' END) ||
               (CASE WHEN has_sequence_privilege(w.oid, c.oid, 'UPDATE') THEN 'w' ELSE '' END)
           ELSE
               (CASE WHEN has_table_privilege(w.oid, c.oid, 'SELECT') THEN 'r' ELSE '' END) ||
               (CASE WHEN has_table_privilege(w.oid, c.oid, 'INSERT') THEN 'a' ELSE '' END) ||
               (CASE WHEN has_table_privilege(w.oid, c.oid, 'UPDATE') THEN 'w' ELSE '' END) ||
               (CASE WHEN has_table_privilege(w.oid, c.oid, 'DELETE') THEN 'd' ELSE '' END) ||
               (CASE WHEN has_table_privilege(w.oid, c.oid, 'TRUNCATE') THEN 'D' ELSE '' END) ||
               (CASE WHEN has_table_privilege(w.oid, c.oid, 'REFERENCES') THEN 'x' ELSE '' END) ||
               (CASE WHEN has_table_privilege(w.oid, c.oid, 'TRIGGER') THEN 't' ELSE '' END) ||
               (CASE WHEN current_setting('server_version_num')::int < 170000 THEN ''
                     WHEN has_table_privilege(w.oid, c.oid, 'MAINTAIN') THEN 'm' ELSE '' END) END AS letters,
           CASE c.relkind WHEN 'S' THEN '' ELSE
               (CASE WHEN has_any_column_privilege(w.oid, c.oid, 'SELECT') THEN 'r' ELSE '' END) ||
               (CASE WHEN has_any_column_privilege(w.oid, c.oid, 'INSERT') THEN 'a' ELSE '' END) ||
               (CASE WHEN has_any_column_privilege(w.oid, c.oid, 'UPDATE') THEN 'w' ELSE '' END) ||
               (CASE WHEN has_any_column_privilege(w.oid, c.oid, 'REFERENCES') THEN 'x' ELSE '' END) END AS columns,
           has_schema_privilege(w.oid, n.oid, 'USAGE') AS open
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN who AS w
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
)
SELECT f.relkind::text AS kind, f.nspname::text AS schema, f.relname::text AS name, pg_get_userbyid(f.relowner)::text AS owner,
       f.relrowsecurity, f.relforcerowsecurity, f.part, f.letters, f.columns, f.open,
       f.oid IN (SELECT i.oid FROM invoker AS i) AS invoker,
       coalesce(t.relations, '[]') AS reads
FROM found AS f
LEFT JOIN told AS t ON t.view = f.oid
WHERE f.open AND (f.letters <> '' OR f.columns <> '') OR (f.relkind IN ('r', 'p') AND f.nspname = ANY (%(schemas)s))
ORDER BY f.nspname, f.relname
