-- Step create-roles: Create the four roles
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16387) of cluster 7713975661601389084, PostgreSQL 18.6
--   legacy role shop, to be run as operator
--   plan 3d9227fa46e60222
--
-- Creates the new roles without the right to log in. Nobody can use them yet and nothing else changes.
--
-- Run it with: psql -X -f 01-create-roles.sql "service=…"
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
-- create role app_migrator
CREATE ROLE "app_migrator" NOLOGIN; COMMENT ON ROLE "app_migrator" IS 'made by flatsplit for database "shop"';
-- create role app_readonly
CREATE ROLE "app_readonly" NOLOGIN; COMMENT ON ROLE "app_readonly" IS 'made by flatsplit for database "shop"';
-- create role app_user
CREATE ROLE "app_user" NOLOGIN; COMMENT ON ROLE "app_user" IS 'made by flatsplit for database "shop"';
-- create role dba
CREATE ROLE "dba" NOLOGIN SUPERUSER; COMMENT ON ROLE "dba" IS 'made by flatsplit for database "shop"';
COMMIT;
\endif

\echo done
