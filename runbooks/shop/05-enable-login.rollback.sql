-- Rollback of step enable-login: Let the new roles log in
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16387) of cluster 7713975661601389084, PostgreSQL 18.6
--   legacy role shop, to be run as operator
--   plan 61ee0193a4d1f094
--
-- Carries the old role's settings and limits over, takes CREATE in the schemas in scope from PUBLIC
-- (those who relied on it are granted it by name), and gives the new roles LOGIN and a password.
--
-- Only when the step has run, and only after the rollback of every later step that has run.
-- It takes back the step as planned. What was created since the script was made is not in it; flatsplit rollback finds that too.
-- Not while the new roles have sessions: move the application back to shop first.
--
-- Run it with: psql -X -f 05-enable-login.rollback.sql "service=…"
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
SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'shop' AND NOT rolcanlogin) AS flatsplit_too_early \gset
\if :flatsplit_too_early
DO $$BEGIN RAISE EXCEPTION 'lock-legacy has run and is not taken back' USING HINT = 'run 08-lock-legacy.rollback.sql first'; END$$;
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
\echo batch 1 of 1: 13 statements
BEGIN;
-- role app_user: CONNECTION LIMIT -1
ALTER ROLE "app_user" CONNECTION LIMIT -1;
-- grant CREATE on schema public to PUBLIC
GRANT CREATE ON SCHEMA "public" TO PUBLIC;
-- revoke CREATE on schema public from reporting
REVOKE CREATE ON SCHEMA "public" FROM "reporting";
-- role app_migrator: search_path reset
ALTER ROLE "app_migrator" IN DATABASE "shop" RESET "search_path";
-- role app_migrator: statement_timeout reset
ALTER ROLE "app_migrator" IN DATABASE "shop" RESET "statement_timeout";
-- role app_readonly: search_path reset
ALTER ROLE "app_readonly" IN DATABASE "shop" RESET "search_path";
-- role app_readonly: statement_timeout reset
ALTER ROLE "app_readonly" IN DATABASE "shop" RESET "statement_timeout";
-- role app_user: search_path reset
ALTER ROLE "app_user" IN DATABASE "shop" RESET "search_path";
-- role app_user: statement_timeout reset
ALTER ROLE "app_user" IN DATABASE "shop" RESET "statement_timeout";
-- role app_migrator: NOLOGIN
ALTER ROLE "app_migrator" NOLOGIN PASSWORD NULL;
-- role app_readonly: NOLOGIN
ALTER ROLE "app_readonly" NOLOGIN PASSWORD NULL;
-- role app_user: NOLOGIN
ALTER ROLE "app_user" NOLOGIN PASSWORD NULL;
-- role dba: NOLOGIN
ALTER ROLE "dba" NOLOGIN PASSWORD NULL;
COMMIT;
\endif

\echo done
