-- What the role may do to these tables by the catalog: acts that take a strong lock are tried only where the answer is no.
-- And whether a rule makes nothing out of every DELETE, for which nobody is asked for a right then.
SELECT t.ordinality,
       has_table_privilege(%(role)s::name, c.oid, 'TRUNCATE') AS truncates,
       pg_has_role(%(role)s::name, c.relowner, 'MEMBER')
           OR pg_has_role(%(role)s::name, n.nspowner, 'MEMBER') AS drops,
       EXISTS (
           SELECT FROM pg_rewrite AS r
           WHERE r.ev_class = c.oid AND r.ev_type = '4' AND r.is_instead AND r.ev_enabled IN ('O', 'A')
             AND r.ev_qual::text = '<>' AND right(pg_get_ruledef(r.oid), 20) = ' DO INSTEAD NOTHING;') AS nothing
FROM unnest(%(schemas)s::text[], %(names)s::text[]) WITH ORDINALITY AS t (schema, name, ordinality)
JOIN pg_namespace AS n ON n.nspname = t.schema
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.name
