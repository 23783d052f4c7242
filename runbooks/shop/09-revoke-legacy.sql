-- Step revoke-legacy: Take the old role's rights away
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16387) of cluster 7713975661601389084, PostgreSQL 18.6
--   legacy role shop, to be run as operator
--   plan d9bc3063f408a4a3
--
-- Hands over what the old role created since ownership moved, then removes its membership in
-- app_migrator, its privileges, default privileges, memberships and attributes.
--
-- Run it with: psql -X -f 09-revoke-legacy.sql "service=…"
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
SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'shop' AND rolcanlogin) AS flatsplit_too_early \gset
\if :flatsplit_too_early
DO $$BEGIN RAISE EXCEPTION 'lock-legacy has not run yet' USING HINT = 'run 08-lock-legacy.sql first'; END$$;
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
\echo batch 1 of 1: 17 statements
BEGIN;
-- shop is no longer a member of app_migrator
REVOKE "app_migrator" FROM "shop" GRANTED BY "postgres";
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
-- revoke SELECT on future tables of shop in shop from reporting
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "shop" REVOKE SELECT ON TABLES FROM "reporting";
-- revoke USAGE on schema flatsplit from shop
REVOKE USAGE ON SCHEMA "flatsplit" FROM "shop";
-- revoke SELECT on 11 sequences in flatsplit from shop
REVOKE SELECT ON SEQUENCE "flatsplit"."action_id_seq", "flatsplit"."baseline_id_seq", "flatsplit"."counter_id_seq", "flatsplit"."cutover_id_seq", "flatsplit"."event_id_seq", "flatsplit"."learned_id_seq", "flatsplit"."need_id_seq", "flatsplit"."observation_id_seq", "flatsplit"."snapshot_id_seq", "flatsplit"."span_id_seq", "flatsplit"."step_id_seq" FROM "shop";
-- revoke SELECT on 13 tables in flatsplit from shop
REVOKE SELECT ON TABLE "flatsplit"."action", "flatsplit"."alembic_version", "flatsplit"."baseline", "flatsplit"."change", "flatsplit"."counter", "flatsplit"."cutover", "flatsplit"."event", "flatsplit"."learned", "flatsplit"."need", "flatsplit"."observation", "flatsplit"."snapshot", "flatsplit"."span", "flatsplit"."step" FROM "shop";
-- revoke SELECT on table public.targets from shop
REVOKE SELECT ON TABLE "public"."targets" FROM "shop";
-- role shop: search_path reset
ALTER ROLE "shop" IN DATABASE "shop" RESET "search_path";
COMMIT;
\endif

\echo done
