-- Step grant-existing: Grant what exists
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16401) of cluster 7312345678901234567, PostgreSQL 16.4
--   legacy role shop, to be run as postgres
--   plan 02ab02ab02ab02ab02ab02ab02ab02ab02ab02ab02ab02ab02ab02ab02ab02ab
--
-- Why grant-existing is there, in a sentence or two for the reviewer.
--
-- Run it with: psql -X -f 02-grant-existing.sql "service=…"
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

-- Only in the database it was made for
SELECT current_database() = 'shop' AS flatsplit_right_database \gset
\if :flatsplit_right_database
\else
DO $$BEGIN RAISE EXCEPTION 'this script was made for another database' USING HINT = 'its first lines name the database'; END$$;
\endif

-- Only in its turn
SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'dba') AS flatsplit_too_early \gset
\if :flatsplit_too_early
DO $$BEGIN RAISE EXCEPTION 'create-roles has not run yet' USING HINT = 'run 01-create-roles.sql first'; END$$;
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
\echo batch 1 of 1: 2 statements
BEGIN;
-- Let app_user use 120 tables of schema public
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE "public"."t000", "public"."t001", "public"."t002", "public"."t003", "public"."t004", "public"."t005", "public"."t006", "public"."t007", "public"."t008", "public"."t009", "public"."t010", "public"."t011", "public"."t012", "public"."t013", "public"."t014", "public"."t015", "public"."t016", "public"."t017", "public"."t018", "public"."t019", "public"."t020", "public"."t021", "public"."t022", "public"."t023", "public"."t024", "public"."t025", "public"."t026", "public"."t027", "public"."t028", "public"."t029", "public"."t030", "public"."t031", "public"."t032", "public"."t033", "public"."t034", "public"."t035", "public"."t036", "public"."t037", "public"."t038", "public"."t039", "public"."t040", "public"."t041", "public"."t042", "public"."t043", "public"."t044", "public"."t045", "public"."t046", "public"."t047", "public"."t048", "public"."t049", "public"."t050", "public"."t051", "public"."t052", "public"."t053", "public"."t054", "public"."t055", "public"."t056", "public"."t057", "public"."t058", "public"."t059", "public"."t060", "public"."t061", "public"."t062", "public"."t063", "public"."t064", "public"."t065", "public"."t066", "public"."t067", "public"."t068", "public"."t069", "public"."t070", "public"."t071", "public"."t072", "public"."t073", "public"."t074", "public"."t075", "public"."t076", "public"."t077", "public"."t078", "public"."t079", "public"."t080", "public"."t081", "public"."t082", "public"."t083", "public"."t084", "public"."t085", "public"."t086", "public"."t087", "public"."t088", "public"."t089", "public"."t090", "public"."t091", "public"."t092", "public"."t093", "public"."t094", "public"."t095", "public"."t096", "public"."t097", "public"."t098", "public"."t099", "public"."t100", "public"."t101", "public"."t102", "public"."t103", "public"."t104", "public"."t105", "public"."t106", "public"."t107", "public"."t108", "public"."t109", "public"."t110", "public"."t111", "public"."t112", "public"."t113", "public"."t114", "public"."t115", "public"."t116", "public"."t117", "public"."t118", "public"."t119" TO "app_user";
-- Let app_readonly use 120 tables of schema public
GRANT SELECT ON TABLE "public"."t000", "public"."t001", "public"."t002", "public"."t003", "public"."t004", "public"."t005", "public"."t006", "public"."t007", "public"."t008", "public"."t009", "public"."t010", "public"."t011", "public"."t012", "public"."t013", "public"."t014", "public"."t015", "public"."t016", "public"."t017", "public"."t018", "public"."t019", "public"."t020", "public"."t021", "public"."t022", "public"."t023", "public"."t024", "public"."t025", "public"."t026", "public"."t027", "public"."t028", "public"."t029", "public"."t030", "public"."t031", "public"."t032", "public"."t033", "public"."t034", "public"."t035", "public"."t036", "public"."t037", "public"."t038", "public"."t039", "public"."t040", "public"."t041", "public"."t042", "public"."t043", "public"."t044", "public"."t045", "public"."t046", "public"."t047", "public"."t048", "public"."t049", "public"."t050", "public"."t051", "public"."t052", "public"."t053", "public"."t054", "public"."t055", "public"."t056", "public"."t057", "public"."t058", "public"."t059", "public"."t060", "public"."t061", "public"."t062", "public"."t063", "public"."t064", "public"."t065", "public"."t066", "public"."t067", "public"."t068", "public"."t069", "public"."t070", "public"."t071", "public"."t072", "public"."t073", "public"."t074", "public"."t075", "public"."t076", "public"."t077", "public"."t078", "public"."t079", "public"."t080", "public"."t081", "public"."t082", "public"."t083", "public"."t084", "public"."t085", "public"."t086", "public"."t087", "public"."t088", "public"."t089", "public"."t090", "public"."t091", "public"."t092", "public"."t093", "public"."t094", "public"."t095", "public"."t096", "public"."t097", "public"."t098", "public"."t099", "public"."t100", "public"."t101", "public"."t102", "public"."t103", "public"."t104", "public"."t105", "public"."t106", "public"."t107", "public"."t108", "public"."t109", "public"."t110", "public"."t111", "public"."t112", "public"."t113", "public"."t114", "public"."t115", "public"."t116", "public"."t117", "public"."t118", "public"."t119" TO "app_readonly";
COMMIT;
\endif

\echo done
