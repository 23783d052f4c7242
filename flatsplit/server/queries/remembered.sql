-- How many statements pg_stat_statements has room for, if it is loaded
SELECT nullif(current_setting('pg_stat_statements.max', true), '')::int
