-- Step switch-connections: Switch the connections
--
-- Made by flatsplit 0.1.0 for
--   database plain\n<script>alert(1)</script>\na`b``c\npipe|back\|slash\nnew\nline; DROP ROLE x\ncr\rDROP ROLE x\n*/ -- /*\n$$ $flatsplit$ $x$\n\! touch owned\n\n\! touch owned\n\n:name :'name' :"name" :{?x}\n"double" 'single'\n`touch owned`\n{{ 7 * 7 }} {% raw %}\n\u202eright to left\n[link](http://x) ![i](y) **b** _i_\n# head\nÜnïcödé 🐘 (oid 16401) of cluster 7312345678901234567, PostgreSQL 16.4
--   legacy role a`b``c, to be run as \n\! touch owned\n
--   plan 06ab06ab06ab06ab06ab06ab06ab06ab06ab06ab06ab06ab06ab06ab06ab06ab
--
-- Why switch-connections is there, in a sentence or two for the reviewer.
--
-- People do this one:
--   point the application at    new\nline; DROP ROLE x
--   point the migration tool at pipe|back\|slash
--   point reports at            <script>alert(1)</script>
-- then reload the pools and restart what keeps connections. Nobody may be left as a`b``c.
--
-- No statements are needed now.
--
-- Run it with: psql -X -f 06-switch-connections.sql "service=…"

\set ON_ERROR_STOP on
\set ON_ERROR_ROLLBACK off
\set AUTOCOMMIT on
\set SINGLELINE off
\encoding UTF8

-- As in flatsplit's own sessions, whatever the role and the database say
SET SESSION quote_all_identifiers = off;
SET SESSION search_path = pg_catalog, pg_temp;
SET SESSION standard_conforming_strings = on;
SET SESSION "TimeZone" = 'UTC';
SET SESSION "DateStyle" = 'ISO, MDY';
SET SESSION "IntervalStyle" = 'postgres';
SET SESSION client_min_messages = notice;
SET SESSION row_security = on;
SET SESSION array_nulls = on;
SET SESSION transform_null_equals = off;
SET SESSION statement_timeout = 0;
SET SESSION idle_in_transaction_session_timeout = 0;
SET SESSION default_transaction_isolation = 'read committed';
SET SESSION default_transaction_deferrable = off;
SET SESSION default_transaction_read_only = off;
SET SESSION idle_session_timeout = 0;
SET SESSION createrole_self_grant = '';

-- Only in the database it was made for
SELECT current_database() = E'plain
<script>alert(1)</script>
a`b``c
pipe|back\\|slash
new
line; DROP ROLE x
crDROP ROLE x
*/ -- /*
$$ $flatsplit$ $x$
\\! touch owned

\\! touch owned

:name :''name'' :"name" :{?x}
"double" ''single''
`touch owned`
{{ 7 * 7 }} {% raw %}
‮right to left
[link](http://x) ![i](y) **b** _i_
# head
Ünïcödé 🐘' AS flatsplit_right_database \gset
\if :flatsplit_right_database
\else
DO $$BEGIN RAISE EXCEPTION 'this script was made for another database' USING HINT = 'its first lines name the database'; END$$;
\endif

-- Who is connected to this database
SELECT usename, application_name, client_addr, count(*) AS connections
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
GROUP BY usename, application_name, client_addr
ORDER BY usename, application_name, client_addr;
