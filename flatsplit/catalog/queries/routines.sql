-- Functions (window functions too), procedures and aggregates. GRANT ON FUNCTION and ALTER ROUTINE name an
-- aggregate by its plain input types, whereas pg_get_function_identity_arguments() would print the ORDER BY of an
-- ordered-set aggregate. The constructors of a range type are internal to it (pg_depend i) and belong to the
-- bootstrap superuser whoever makes or owns the type (makeRangeConstructors in typecmds.c).
-- A routine that is dropped while we read has no arguments any more (NULL).
SELECT p.oid,
       CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END AS kind,
       n.nspname AS schema, p.proname::text AS name,
       CASE p.prokind
           WHEN 'a' THEN (
               SELECT coalesce(string_agg(format_type(a.type, NULL), ', ' ORDER BY a.position), '')
               FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (type, position))
           ELSE pg_get_function_identity_arguments(p.oid) END AS args,
       p.proowner AS owner, p.proacl AS acl, 'f' AS acltype,
       EXISTS (
           SELECT FROM pg_depend AS i
           WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i') AS follows,
       CASE WHEN p.prosecdef THEN 'definer'
            WHEN p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) THEN 'trigger' ELSE '' END AS note
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
