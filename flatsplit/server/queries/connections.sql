-- How many connections the server takes, how many of them it keeps back, and how many are there of others than these
-- roles and the one that asks
SELECT current_setting('max_connections')::int,
       current_setting('superuser_reserved_connections')::int
           + coalesce(current_setting('reserved_connections', true)::int, 0),
       (SELECT count(*) FROM pg_stat_activity AS a
        WHERE coalesce(a.backend_type, 'client backend') = 'client backend' AND a.pid <> pg_backend_pid()
          AND NOT coalesce(a.usename::text, '') = ANY (%(roles)s))
