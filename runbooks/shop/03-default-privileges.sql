-- Step default-privileges: Set default privileges for what comes later
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
-- Run it with: psql -X -f 03-default-privileges.sql "service=…"
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
SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'shop' AND c.relname = 'sales' AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(c.relacl) AS a JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee WHERE r.rolname = 'app_user' AND a.privilege_type = 'SELECT')) AS flatsplit_too_early \gset
\if :flatsplit_too_early
DO $$BEGIN RAISE EXCEPTION 'grant-existing has not run yet' USING HINT = 'run 02-grant-existing.sql first'; END$$;
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
-- grant SELECT on future large objects of app_migrator to app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" GRANT SELECT ON LARGE OBJECTS TO "app_readonly";
-- grant SELECT, UPDATE on future large objects of app_migrator to app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" GRANT SELECT, UPDATE ON LARGE OBJECTS TO "app_user";
-- grant SELECT on future sequences of app_migrator in public to app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "public" GRANT SELECT ON SEQUENCES TO "app_readonly";
-- grant USAGE on future sequences of app_migrator in public to app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "public" GRANT USAGE ON SEQUENCES TO "app_user";
-- grant SELECT on future tables of app_migrator in public to app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "public" GRANT SELECT ON TABLES TO "app_readonly";
-- grant SELECT, INSERT, UPDATE, DELETE on future tables of app_migrator in public to app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "public" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "app_user";
-- grant SELECT on future sequences of app_migrator in shop to app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "shop" GRANT SELECT ON SEQUENCES TO "app_readonly";
-- grant USAGE on future sequences of app_migrator in shop to app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "shop" GRANT USAGE ON SEQUENCES TO "app_user";
-- grant SELECT on future tables of app_migrator in shop to app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "shop" GRANT SELECT ON TABLES TO "app_readonly";
-- grant SELECT, INSERT, UPDATE, DELETE on future tables of app_migrator in shop to app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "shop" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "app_user";
-- grant SELECT on future tables of app_migrator in shop to reporting
ALTER DEFAULT PRIVILEGES FOR ROLE "app_migrator" IN SCHEMA "shop" GRANT SELECT ON TABLES TO "reporting";
-- grant SELECT on future large objects of shop to app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" GRANT SELECT ON LARGE OBJECTS TO "app_readonly";
-- grant SELECT, UPDATE on future large objects of shop to app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" GRANT SELECT, UPDATE ON LARGE OBJECTS TO "app_user";
-- grant SELECT on future sequences of shop in public to app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "public" GRANT SELECT ON SEQUENCES TO "app_readonly";
-- grant USAGE on future sequences of shop in public to app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "public" GRANT USAGE ON SEQUENCES TO "app_user";
-- grant SELECT on future tables of shop in public to app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "public" GRANT SELECT ON TABLES TO "app_readonly";
-- grant SELECT, INSERT, UPDATE, DELETE on future tables of shop in public to app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "public" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "app_user";
-- grant SELECT on future sequences of shop in shop to app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "shop" GRANT SELECT ON SEQUENCES TO "app_readonly";
-- grant USAGE on future sequences of shop in shop to app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "shop" GRANT USAGE ON SEQUENCES TO "app_user";
-- grant SELECT on future tables of shop in shop to app_readonly
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "shop" GRANT SELECT ON TABLES TO "app_readonly";
-- grant SELECT, INSERT, UPDATE, DELETE on future tables of shop in shop to app_user
ALTER DEFAULT PRIVILEGES FOR ROLE "shop" IN SCHEMA "shop" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "app_user";
COMMIT;
\endif

\echo done
