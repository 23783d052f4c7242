-- Whether the journal's events are a plain table: reading one runs nobody's code, a view of that name would.
SELECT EXISTS (
    SELECT FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'flatsplit' AND c.relname = 'event' AND c.relkind = 'r' AND NOT c.relrowsecurity
      AND has_table_privilege(c.oid, 'SELECT')
)
