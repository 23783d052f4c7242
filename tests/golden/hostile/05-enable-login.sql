-- Step enable-login: Let the new roles log in
--
-- Made by flatsplit 0.1.0 for
--   database plain\n<script>alert(1)</script>\na`b``c\npipe|back\|slash\nnew\nline; DROP ROLE x\ncr\rDROP ROLE x\n*/ -- /*\n$$ $flatsplit$ $x$\n\! touch owned\n\n\! touch owned\n\n:name :'name' :"name" :{?x}\n"double" 'single'\n`touch owned`\n{{ 7 * 7 }} {% raw %}\n\u202eright to left\n[link](http://x) ![i](y) **b** _i_\n# head\nÜnïcödé 🐘 (oid 16401) of cluster 7312345678901234567, PostgreSQL 16.4
--   legacy role a`b``c, to be run as \n\! touch owned\n
--   plan 05ab05ab05ab05ab05ab05ab05ab05ab05ab05ab05ab05ab05ab05ab05ab05ab
--
-- Why enable-login is there, in a sentence or two for the reviewer.
--
-- Run it with: psql -X -f verifiers.psql -f 05-enable-login.sql "service=…"
-- A lock that does not come within 200ms ends the script: run it again.
--
-- Passwords come in as SCRAM-SHA-256 verifiers (the form of pg_authid.rolpassword), never in clear and never with -v,
-- which every user of the machine can read. verifiers.psql (mode 0600, remove it afterwards) holds one line for each:
--   for \n\! touch owned\n:
--     \set role_0a5c2120746f756368206f776e65640a_verifier 'SCRAM-SHA-256$…'
--   for <script>alert(1)</script>:
--     \set role_3c7363726970743e616c6572742831293c2f7363726970743e_verifier 'SCRAM-SHA-256$…'
--   for new\nline; DROP ROLE x:
--     \set role_6e65770a6c696e653b2044524f5020524f4c452078_verifier 'SCRAM-SHA-256$…'
--   for pipe|back\|slash:
--     \set role_706970657c6261636b5c7c736c617368_verifier 'SCRAM-SHA-256$…'

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
\if :{?role_0a5c2120746f756368206f776e65640a_verifier}
\else
DO $$BEGIN RAISE EXCEPTION 'psql variable role_0a5c2120746f756368206f776e65640a_verifier is not set' USING HINT = 'the first lines of the script say how to give it'; END$$;
\endif
\if :{?role_3c7363726970743e616c6572742831293c2f7363726970743e_verifier}
\else
DO $$BEGIN RAISE EXCEPTION 'psql variable role_3c7363726970743e616c6572742831293c2f7363726970743e_verifier is not set' USING HINT = 'the first lines of the script say how to give it'; END$$;
\endif
\if :{?role_6e65770a6c696e653b2044524f5020524f4c452078_verifier}
\else
DO $$BEGIN RAISE EXCEPTION 'psql variable role_6e65770a6c696e653b2044524f5020524f4c452078_verifier is not set' USING HINT = 'the first lines of the script say how to give it'; END$$;
\endif
\if :{?role_706970657c6261636b5c7c736c617368_verifier}
\else
DO $$BEGIN RAISE EXCEPTION 'psql variable role_706970657c6261636b5c7c736c617368_verifier is not set' USING HINT = 'the first lines of the script say how to give it'; END$$;
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

-- Batch 1 of 1
SELECT 1 >= :first_batch AS flatsplit_run \gset
\if :flatsplit_run
\echo batch 1 of 1: 4 statements
BEGIN;
-- Let new\nline; DROP ROLE x log in
ALTER ROLE "new
line; DROP ROLE x" LOGIN PASSWORD :'role_6e65770a6c696e653b2044524f5020524f4c452078_verifier';
-- Let pipe|back\|slash log in
ALTER ROLE "pipe|back\|slash" LOGIN PASSWORD :'role_706970657c6261636b5c7c736c617368_verifier';
-- Let <script>alert(1)</script> log in
ALTER ROLE "<script>alert(1)</script>" LOGIN PASSWORD :'role_3c7363726970743e616c6572742831293c2f7363726970743e_verifier';
-- Let \n\! touch owned\n log in
ALTER ROLE "
\! touch owned
" LOGIN PASSWORD :'role_0a5c2120746f756368206f776e65640a_verifier';
COMMIT;
\endif

\echo done
