-- Rollback of step default-privileges: Set default privileges for what comes later
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16387) of cluster 7713975661601389084, PostgreSQL 18.6
--   legacy role shop, to be run as operator
--   plan 0b44b7d833edb299
--
-- What app_migrator or the old role creates from now on is at once usable by app_user and readable by
-- app_readonly. Grants that the old role's default privileges gave to other roles live on for
-- app_migrator. What others create for the old role they create for the new ones, too.
--
-- Only when the step has run, and only after the rollback of every later step that has run.
-- It takes back the step as planned. What was created since the script was made is not in it; flatsplit rollback finds that too.
--
-- Run it with: psql -X -f 03-default-privileges.rollback.sql "service=…"
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
SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'shop' AND c.relname = 'sales' AND pg_catalog.pg_get_userbyid(c.relowner) = 'app_migrator') AS flatsplit_too_early \gset
\if :flatsplit_too_early
DO $$BEGIN RAISE EXCEPTION 'transfer-ownership has run and is not taken back' USING HINT = 'run 04-transfer-ownership.rollback.sql first'; END$$;
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
\echo batch 1 of 1: 21 statements
BEGIN;
-- revoke SELECT on future large objects of app_migrator from app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" REVOKE SELECT ON LARGE OBJECTS FROM "app_readonly";
-- revoke SELECT, UPDATE on future large objects of app_migrator from app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" REVOKE SELECT, UPDATE ON LARGE OBJECTS FROM "app_user";
-- revoke SELECT on future sequences of app_migrator in public from app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "public" REVOKE SELECT ON SEQUENCES FROM "app_readonly";
-- revoke USAGE on future sequences of app_migrator in public from app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "public" REVOKE USAGE ON SEQUENCES FROM "app_user";
-- revoke SELECT on future tables of app_migrator in public from app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "public" REVOKE SELECT ON TABLES FROM "app_readonly";
-- revoke SELECT, INSERT, UPDATE, DELETE on future tables of app_migrator in public from app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "public" REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM "app_user";
-- revoke SELECT on future sequences of app_migrator in shop from app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "shop" REVOKE SELECT ON SEQUENCES FROM "app_readonly";
-- revoke USAGE on future sequences of app_migrator in shop from app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "shop" REVOKE USAGE ON SEQUENCES FROM "app_user";
-- revoke SELECT on future tables of app_migrator in shop from app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "shop" REVOKE SELECT ON TABLES FROM "app_readonly";
-- revoke SELECT, INSERT, UPDATE, DELETE on future tables of app_migrator in shop from app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "shop" REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM "app_user";
-- revoke SELECT on future tables of app_migrator in shop from reporting
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "shop" REVOKE SELECT ON TABLES FROM "reporting";
-- revoke SELECT on future large objects of shop from app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" REVOKE SELECT ON LARGE OBJECTS FROM "app_readonly";
-- revoke SELECT, UPDATE on future large objects of shop from app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" REVOKE SELECT, UPDATE ON LARGE OBJECTS FROM "app_user";
-- revoke SELECT on future sequences of shop in public from app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "public" REVOKE SELECT ON SEQUENCES FROM "app_readonly";
-- revoke USAGE on future sequences of shop in public from app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "public" REVOKE USAGE ON SEQUENCES FROM "app_user";
-- revoke SELECT on future tables of shop in public from app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "public" REVOKE SELECT ON TABLES FROM "app_readonly";
-- revoke SELECT, INSERT, UPDATE, DELETE on future tables of shop in public from app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "public" REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM "app_user";
-- revoke SELECT on future sequences of shop in shop from app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "shop" REVOKE SELECT ON SEQUENCES FROM "app_readonly";
-- revoke USAGE on future sequences of shop in shop from app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "shop" REVOKE USAGE ON SEQUENCES FROM "app_user";
-- revoke SELECT on future tables of shop in shop from app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "shop" REVOKE SELECT ON TABLES FROM "app_readonly";
-- revoke SELECT, INSERT, UPDATE, DELETE on future tables of shop in shop from app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "shop" REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM "app_user";
COMMIT;
\endif

\echo done
