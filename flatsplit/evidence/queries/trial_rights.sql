-- What the role may do to these tables by the catalog: acts that take a strong lock are tried only where the answer is no.
SELECT t.ordinality,
       has_table_privilege(%(role)s::name, c.oid, 'TRUNCATE') AS truncates,
       pg_has_role(%(role)s::name, c.relowner, 'MEMBER')
           OR pg_has_role(%(role)s::name, n.nspowner, 'MEMBER') AS drops
FROM unnest(%(schemas)s::text[], %(names)s::text[]) WITH ORDINALITY AS t (schema, name, ordinality)
JOIN pg_namespace AS n ON n.nspname = t.schema
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.name
