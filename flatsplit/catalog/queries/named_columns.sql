-- Which of these columns (three lists of equal length: schema, relation, column) there are.
SELECT n.nspname::text, c.relname::text, a.attname::text
FROM unnest(%s::text[], %s::text[], %s::text[]) AS w (schema, relation, name)
JOIN pg_namespace AS n ON n.nspname = w.schema
JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.relation AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = w.name AND a.attnum > 0 AND NOT a.attisdropped
