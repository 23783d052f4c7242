-- What State does not tell of the application's relations: oid, row security, whose rights a view reads with.
SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text, c.relrowsecurity, c.relforcerowsecurity,
       c.relkind = 'v' AND EXISTS (
           SELECT FROM pg_options_to_table(c.reloptions) AS o
           WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.oid >= 16384 AND n.nspname !~ '^pg_(toast_)?temp_'
