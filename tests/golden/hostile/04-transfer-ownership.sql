-- Step transfer-ownership: Move the ownership
--
-- Made by flatsplit 0.1.0 for
--   database plain\n<script>alert(1)</script>\na`b``c\npipe|back\|slash\nnew\nline; DROP ROLE x\ncr\rDROP ROLE x\n*/ -- /*\n$$ $flatsplit$ $x$\n\! touch owned\n\n\! touch owned\n\n:name :'name' :"name" :{?x}\n"double" 'single'\n`touch owned`\n{{ 7 * 7 }} {% raw %}\n\u202eright to left\n[link](http://x) ![i](y) **b** _i_\n# head\nÜnïcödé 🐘 (oid 16401) of cluster 7312345678901234567, PostgreSQL 16.4
--   legacy role a`b``c, to be run as \n\! touch owned\n
--   plan 04ab04ab04ab04ab04ab04ab04ab04ab04ab04ab04ab04ab04ab04ab04ab04ab
--
-- plain <script>alert(1)</script> a`b``c pipe|back\|slash new line; DROP ROLE x cr DROP ROLE x */ --
-- /* $$ $flatsplit$ $x$ \! touch owned \! touch owned :name :'name' :"name" :{?x} "double" 'single'
-- `touch owned` {{ 7 * 7 }} {% raw %} \u202eright to left [link](http://x) ![i](y) **b** _i_ # head
-- Ünïcödé 🐘
--
-- Run it with: psql -X -f 04-transfer-ownership.sql "service=…"
-- A lock that does not come within 200ms ends the script, within 10ms where others are held: run it again.

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
\if :{?held_lock_timeout}
\else
\set held_lock_timeout 10ms
\endif
SET lock_timeout = :'lock_timeout';

-- Batch 1 of 1
SELECT 1 >= :first_batch AS flatsplit_run \gset
\if :flatsplit_run
\echo batch 1 of 1: 18 statements
BEGIN;
SET LOCAL lock_timeout = :'held_lock_timeout';
-- Move table plain to pipe|back\|slash
ALTER TABLE "*/ -- /*"."plain" OWNER TO "pipe|back\|slash";
-- Move table <script>alert(1)</script> to pipe|back\|slash
ALTER TABLE "*/ -- /*"."<script>alert(1)</script>" OWNER TO "pipe|back\|slash";
-- Move table a`b``c to pipe|back\|slash
ALTER TABLE "*/ -- /*"."a`b``c" OWNER TO "pipe|back\|slash";
-- Move table pipe|back\|slash to pipe|back\|slash
ALTER TABLE "*/ -- /*"."pipe|back\|slash" OWNER TO "pipe|back\|slash";
-- Move table new\nline; DROP ROLE x to pipe|back\|slash
ALTER TABLE "*/ -- /*"."new
line; DROP ROLE x" OWNER TO "pipe|back\|slash";
-- Move table cr\rDROP ROLE x to pipe|back\|slash
ALTER TABLE "*/ -- /*"."crDROP ROLE x" OWNER TO "pipe|back\|slash";
-- Move table */ -- /* to pipe|back\|slash
ALTER TABLE "*/ -- /*"."*/ -- /*" OWNER TO "pipe|back\|slash";
-- Move table $$ $flatsplit$ $x$ to pipe|back\|slash
ALTER TABLE "*/ -- /*"."$$ $flatsplit$ $x$" OWNER TO "pipe|back\|slash";
-- Move table \! touch owned to pipe|back\|slash
ALTER TABLE "*/ -- /*"."\! touch owned" OWNER TO "pipe|back\|slash";
-- Move table \n\! touch owned\n to pipe|back\|slash
ALTER TABLE "*/ -- /*"."
\! touch owned
" OWNER TO "pipe|back\|slash";
-- Move table :name :'name' :"name" :{?x} to pipe|back\|slash
ALTER TABLE "*/ -- /*".":name :'name' :""name"" :{?x}" OWNER TO "pipe|back\|slash";
-- Move table "double" 'single' to pipe|back\|slash
ALTER TABLE "*/ -- /*"."""double"" 'single'" OWNER TO "pipe|back\|slash";
-- Move table `touch owned` to pipe|back\|slash
ALTER TABLE "*/ -- /*"."`touch owned`" OWNER TO "pipe|back\|slash";
-- Move table {{ 7 * 7 }} {% raw %} to pipe|back\|slash
ALTER TABLE "*/ -- /*"."{{ 7 * 7 }} {% raw %}" OWNER TO "pipe|back\|slash";
-- Move table \u202eright to left to pipe|back\|slash
ALTER TABLE "*/ -- /*"."‮right to left" OWNER TO "pipe|back\|slash";
-- Move table [link](http://x) ![i](y) **b** _i_ to pipe|back\|slash
ALTER TABLE "*/ -- /*"."[link](http://x) ![i](y) **b** _i_" OWNER TO "pipe|back\|slash";
-- Move table # head to pipe|back\|slash
ALTER TABLE "*/ -- /*"."# head" OWNER TO "pipe|back\|slash";
-- Move table Ünïcödé 🐘 to pipe|back\|slash
ALTER TABLE "*/ -- /*"."Ünïcödé 🐘" OWNER TO "pipe|back\|slash";
COMMIT;
\endif

\echo done
