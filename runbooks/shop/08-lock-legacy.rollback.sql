-- Rollback of step lock-legacy: Lock the old role
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16387) of cluster 7713975661601389084, PostgreSQL 18.6
--   legacy role shop, to be run as operator
--   plan 8a7208645f2f9d81
--
-- The scream test: the old role may no longer log in and its last sessions in this database are ended.
-- Whoever was overlooked is heard now, while one statement undoes it.
--
-- Only when the step has run, and only after the rollback of every later step that has run.
-- It takes back the step as planned. What was created since the script was made is not in it; flatsplit rollback finds that too.
--
-- Run it with: psql -X -f 08-lock-legacy.rollback.sql "service=…"
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
SET SESSION transaction_timeout = 0;

-- Only in the database it was made for
SELECT current_database() = 'shop' AS flatsplit_right_database \gset
\if :flatsplit_right_database
\else
DO $$BEGIN RAISE EXCEPTION 'this script was made for another database' USING HINT = 'its first lines name the database'; END$$;
\endif

-- Only in its turn
SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'flatsplit' AND c.relname = 'step' AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(c.relacl) AS a JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee WHERE r.rolname = 'shop' AND a.privilege_type = 'SELECT')) AS flatsplit_too_early \gset
\if :flatsplit_too_early
DO $$BEGIN RAISE EXCEPTION 'revoke-legacy has run and is not taken back' USING HINT = 'run 09-revoke-legacy.rollback.sql first'; END$$;
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
\echo batch 1 of 1: 1 statement
BEGIN;
-- role shop: LOGIN
ALTER ROLE "shop" LOGIN;
COMMIT;
\endif

\echo done
