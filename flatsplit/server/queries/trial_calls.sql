-- Calls of these functions that EXPLAIN checks the right for and nothing runs: with arguments that the planner cannot know,
-- or it would put NULL in the place of a strict function without asking. Only types that a NULL can be of.
SELECT t.ordinality,
       format('EXPLAIN SELECT %%I.%%I(%%s) FROM (SELECT %%s OFFSET 0) AS x', t.schema, t.name, a.names, a.nulls)
FROM unnest(%(schemas)s::text[], %(names)s::text[], %(args)s::text[]) WITH ORDINALITY AS t (schema, name, args, ordinality)
JOIN pg_namespace AS n ON n.nspname = t.schema
JOIN pg_proc AS p ON p.pronamespace = n.oid AND p.proname = t.name
                 AND pg_get_function_identity_arguments(p.oid) = t.args
CROSS JOIN LATERAL (
    SELECT string_agg('a' || i.place, ', ' ORDER BY i.place) AS names,
           string_agg(format('NULL::%%s AS a%%s', format_type(i.type, NULL), i.place), ', ' ORDER BY i.place) AS nulls,
           bool_and(y.typtype <> 'p') AS ordinary
    FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS i (type, place)
    JOIN pg_type AS y ON y.oid = i.type) AS a
WHERE p.prokind = 'f' AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype)
  AND a.ordinary
