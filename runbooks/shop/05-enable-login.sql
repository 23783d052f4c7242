-- Step enable-login: Let the new roles log in
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16387) of cluster 7713489125034656119, PostgreSQL 18.6
--   legacy role shop, to be run as operator
--   plan ab8da32c1908adcf
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
SET search_path = pg_catalog, pg_temp;
SET standard_conforming_strings = on;

-- Only in the database it was made for
SELECT current_database() = 'shop' AS flatsplit_right_database \gset
\if :flatsplit_right_database
\else
DO $$BEGIN RAISE EXCEPTION 'this script was made for another database' USING HINT = 'its first lines name the database'; END$$;
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
