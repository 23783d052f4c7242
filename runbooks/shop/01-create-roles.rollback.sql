-- Rollback of step create-roles: Create the four roles
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16387) of cluster 7713489125034656119, PostgreSQL 18.6
--   legacy role shop, to be run as operator
--   plan 6a062c54205f0bde
--
-- Creates the new roles without the right to log in. Nobody can use them yet and nothing else changes.
--
-- Only when the step has run, and only after the rollback of every later step that has run.
-- It takes back the step as planned. What was created since the script was made is not in it; flatsplit rollback finds that too.
-- Not while the new roles have sessions: move the application back to shop first.
--
-- Run it with: psql -X -f 01-create-roles.rollback.sql "service=…"
-- A lock that does not come within 200ms ends the script: run it again.

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
-- drop role app_migrator
DROP ROLE "app_migrator";
-- drop role app_readonly
DROP ROLE "app_readonly";
-- drop role app_user
DROP ROLE "app_user";
-- drop role dba
DROP ROLE "dba";
COMMIT;
\endif

\echo done
