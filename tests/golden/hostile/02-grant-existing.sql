-- Step grant-existing: Grant what exists
--
-- Made by flatsplit 0.1.0 for
--   database plain\n<script>alert(1)</script>\na`b``c\npipe|back\|slash\nnew\nline; DROP ROLE x\ncr\rDROP ROLE x\n*/ -- /*\n$$ $flatsplit$ $x$\n\! touch owned\n\n\! touch owned\n\n:name :'name' :"name" :{?x}\n"double" 'single'\n`touch owned`\n{{ 7 * 7 }} {% raw %}\n\u202eright to left\n[link](http://x) ![i](y) **b** _i_\n# head\nÜnïcödé 🐘 (oid 16401) of cluster 7312345678901234567, PostgreSQL 16.4
--   legacy role a`b``c, to be run as \n\! touch owned\n
--
-- Why grant-existing is there, in a sentence or two for the reviewer.
--
-- Run it with: psql -X -f 02-grant-existing.sql "service=…"
-- 2 statements in 2 transactions. Each is kept once it is committed: if one fails, cure the cause and
-- go on with that one: psql -X -v first_batch=NUMBER … (what was printed last is the number).
-- A lock that does not come within 200ms ends the script: run it again.

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

-- Only in its turn
SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = E'
\\! touch owned
') AS flatsplit_too_early \gset
\if :flatsplit_too_early
DO $$BEGIN RAISE EXCEPTION 'create-roles has not run yet' USING HINT = 'run 01-create-roles.sql first'; END$$;
\endif

\if :{?first_batch}
\else
\set first_batch 1
\endif
\if :{?lock_timeout}
\else
\set lock_timeout 200ms
\endif
SET lock_timeout = :'lock_timeout';

-- Catch-up: what earlier steps want for objects that appeared since

-- Batch 1 of 2
SELECT 1 >= :first_batch AS flatsplit_run \gset
\if :flatsplit_run
\echo batch 1 of 2: 1 statement
BEGIN;
-- Let new\nline; DROP ROLE x use 18 tables of schema \n\! touch owned\n
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE "
\! touch owned
"."plain", "
\! touch owned
"."<script>alert(1)</script>", "
\! touch owned
"."a`b``c", "
\! touch owned
"."pipe|back\|slash", "
\! touch owned
"."new
line; DROP ROLE x", "
\! touch owned
"."crDROP ROLE x", "
\! touch owned
"."*/ -- /*", "
\! touch owned
"."$$ $flatsplit$ $x$", "
\! touch owned
"."\! touch owned", "
\! touch owned
"."
\! touch owned
", "
\! touch owned
".":name :'name' :""name"" :{?x}", "
\! touch owned
"."""double"" 'single'", "
\! touch owned
"."`touch owned`", "
\! touch owned
"."{{ 7 * 7 }} {% raw %}", "
\! touch owned
"."‮right to left", "
\! touch owned
"."[link](http://x) ![i](y) **b** _i_", "
\! touch owned
"."# head", "
\! touch owned
"."Ünïcödé 🐘" TO "new
line; DROP ROLE x";
COMMIT;
\endif

-- The step itself

-- Batch 2 of 2
SELECT 2 >= :first_batch AS flatsplit_run \gset
\if :flatsplit_run
\echo batch 2 of 2: 1 statement
BEGIN;
-- Let new\nline; DROP ROLE x use 18 tables of schema \n\! touch owned\n
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE "
\! touch owned
"."plain", "
\! touch owned
"."<script>alert(1)</script>", "
\! touch owned
"."a`b``c", "
\! touch owned
"."pipe|back\|slash", "
\! touch owned
"."new
line; DROP ROLE x", "
\! touch owned
"."crDROP ROLE x", "
\! touch owned
"."*/ -- /*", "
\! touch owned
"."$$ $flatsplit$ $x$", "
\! touch owned
"."\! touch owned", "
\! touch owned
"."
\! touch owned
", "
\! touch owned
".":name :'name' :""name"" :{?x}", "
\! touch owned
"."""double"" 'single'", "
\! touch owned
"."`touch owned`", "
\! touch owned
"."{{ 7 * 7 }} {% raw %}", "
\! touch owned
"."‮right to left", "
\! touch owned
"."[link](http://x) ![i](y) **b** _i_", "
\! touch owned
"."# head", "
\! touch owned
"."Ünïcödé 🐘" TO "new
line; DROP ROLE x";
COMMIT;
\endif

\echo done
