-- How many connections the server takes, how many of them it keeps back, and the old role's own limit
SELECT current_setting('max_connections')::int,
       current_setting('superuser_reserved_connections')::int
           + coalesce(current_setting('reserved_connections', true)::int, 0),
       coalesce((SELECT rolconnlimit FROM pg_roles WHERE rolname = %(legacy)s), -1)
