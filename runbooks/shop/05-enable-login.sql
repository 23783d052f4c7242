-- Step enable-login: Let the new roles log in
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16387) of cluster 7713975661601389084, PostgreSQL 18.6
--   legacy role shop, to be run as operator
--   plan 61ee0193a4d1f094
--
-- Carries the old role's settings and limits over, takes CREATE in the schemas in scope from PUBLIC
-- (those who relied on it are granted it by name), and gives the new roles LOGIN and a password.
--
-- Run it with: psql -X -f verifiers.psql -f 05-enable-login.sql "service=…"
-- A lock that does not come within 200ms ends the script: run it again.
--
-- Passwords come in as SCRAM-SHA-256 verifiers (the form of pg_authid.rolpassword), never in clear and never with -v,
-- which every user of the machine can read. verifiers.psql (mode 0600, remove it afterwards) holds one line for each:
--   for app_migrator:
--     \set app_migrator_verifier 'SCRAM-SHA-256$…'
--   for app_readonly:
--     \set app_readonly_verifier 'SCRAM-SHA-256$…'
--   for app_user:
--     \set app_user_verifier 'SCRAM-SHA-256$…'
--   for dba:
--     \set dba_verifier 'SCRAM-SHA-256$…'

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
SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'shop' AND c.relname = 'sales' AND pg_catalog.pg_get_userbyid(c.relowner) = 'shop') AS flatsplit_too_early \gset
\if :flatsplit_too_early
DO $$BEGIN RAISE EXCEPTION 'transfer-ownership has not run yet' USING HINT = 'run 04-transfer-ownership.sql first'; END$$;
\endif
\if :{?app_migrator_verifier}
\else
DO $$BEGIN RAISE EXCEPTION 'psql variable app_migrator_verifier is not set' USING HINT = 'the first lines of the script say how to give it'; END$$;
\endif
\if :{?app_readonly_verifier}
\else
DO $$BEGIN RAISE EXCEPTION 'psql variable app_readonly_verifier is not set' USING HINT = 'the first lines of the script say how to give it'; END$$;
\endif
\if :{?app_user_verifier}
\else
DO $$BEGIN RAISE EXCEPTION 'psql variable app_user_verifier is not set' USING HINT = 'the first lines of the script say how to give it'; END$$;
\endif
\if :{?dba_verifier}
\else
DO $$BEGIN RAISE EXCEPTION 'psql variable dba_verifier is not set' USING HINT = 'the first lines of the script say how to give it'; END$$;
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
-- role app_user: CONNECTION LIMIT 50
ALTER ROLE "app_user" CONNECTION LIMIT 50;
-- grant CREATE on schema public to reporting
GRANT CREATE ON SCHEMA "public" TO "reporting";
-- revoke CREATE on schema public from PUBLIC
REVOKE CREATE ON SCHEMA "public" FROM PUBLIC;
-- role app_migrator: search_path = "shop", "public"
ALTER ROLE "app_migrator" IN DATABASE "shop" SET "search_path" TO 'shop', 'public';
-- role app_migrator: statement_timeout = 30s
ALTER ROLE "app_migrator" IN DATABASE "shop" SET "statement_timeout" TO '30s';
-- role app_readonly: search_path = "shop", "public"
ALTER ROLE "app_readonly" IN DATABASE "shop" SET "search_path" TO 'shop', 'public';
-- role app_readonly: statement_timeout = 30s
ALTER ROLE "app_readonly" IN DATABASE "shop" SET "statement_timeout" TO '30s';
-- role app_user: search_path = "shop", "public"
ALTER ROLE "app_user" IN DATABASE "shop" SET "search_path" TO 'shop', 'public';
-- role app_user: statement_timeout = 30s
ALTER ROLE "app_user" IN DATABASE "shop" SET "statement_timeout" TO '30s';
-- role app_migrator: LOGIN with a password
ALTER ROLE "app_migrator" LOGIN PASSWORD :'app_migrator_verifier';
-- role app_readonly: LOGIN with a password
ALTER ROLE "app_readonly" LOGIN PASSWORD :'app_readonly_verifier';
-- role app_user: LOGIN with a password
ALTER ROLE "app_user" LOGIN PASSWORD :'app_user_verifier';
-- role dba: LOGIN with a password
ALTER ROLE "dba" LOGIN PASSWORD :'dba_verifier';
COMMIT;
\endif

\echo done
