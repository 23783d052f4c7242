-- Step transfer-ownership: Move the ownership
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16401) of cluster 7312345678901234567, PostgreSQL 16.4
--   legacy role shop, to be run as postgres
--   plan 04ab04ab04ab04ab04ab04ab04ab04ab04ab04ab04ab04ab04ab04ab04ab04ab
--
-- Why transfer-ownership is there, in a sentence or two for the reviewer.
--
-- Run it with: psql -X -f 04-transfer-ownership.sql "service=…"
-- 121 statements in 3 transactions. Each is kept once it is committed: if one fails, cure the cause and
-- go on with that one: psql -X -v first_batch=NUMBER … (what was printed last is the number).
-- A lock that does not come within 200ms ends the script, within 10ms where others are held: run it again.

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
\if :{?held_lock_timeout}
\else
\set held_lock_timeout 10ms
\endif
SET lock_timeout = :'lock_timeout';

-- Catch-up: what earlier steps want for objects that appeared since

-- Batch 1 of 3
SELECT 1 >= :first_batch AS flatsplit_run \gset
\if :flatsplit_run
\echo batch 1 of 3: 1 statement
BEGIN;
-- Let app_user use 1 tables of schema public
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE "public"."created_yesterday" TO "app_user";
COMMIT;
\endif

-- The step itself

-- Batch 2 of 3
SELECT 2 >= :first_batch AS flatsplit_run \gset
\if :flatsplit_run
\echo batch 2 of 3: 100 statements
BEGIN;
SET LOCAL lock_timeout = :'held_lock_timeout';
-- Move table t000 to app_migrator
ALTER TABLE "public"."t000" OWNER TO "app_migrator";
-- Move table t001 to app_migrator
ALTER TABLE "public"."t001" OWNER TO "app_migrator";
-- Move table t002 to app_migrator
ALTER TABLE "public"."t002" OWNER TO "app_migrator";
-- Move table t003 to app_migrator
ALTER TABLE "public"."t003" OWNER TO "app_migrator";
-- Move table t004 to app_migrator
ALTER TABLE "public"."t004" OWNER TO "app_migrator";
-- Move table t005 to app_migrator
ALTER TABLE "public"."t005" OWNER TO "app_migrator";
-- Move table t006 to app_migrator
ALTER TABLE "public"."t006" OWNER TO "app_migrator";
-- Move table t007 to app_migrator
ALTER TABLE "public"."t007" OWNER TO "app_migrator";
-- Move table t008 to app_migrator
ALTER TABLE "public"."t008" OWNER TO "app_migrator";
-- Move table t009 to app_migrator
ALTER TABLE "public"."t009" OWNER TO "app_migrator";
-- Move table t010 to app_migrator
ALTER TABLE "public"."t010" OWNER TO "app_migrator";
-- Move table t011 to app_migrator
ALTER TABLE "public"."t011" OWNER TO "app_migrator";
-- Move table t012 to app_migrator
ALTER TABLE "public"."t012" OWNER TO "app_migrator";
-- Move table t013 to app_migrator
ALTER TABLE "public"."t013" OWNER TO "app_migrator";
-- Move table t014 to app_migrator
ALTER TABLE "public"."t014" OWNER TO "app_migrator";
-- Move table t015 to app_migrator
ALTER TABLE "public"."t015" OWNER TO "app_migrator";
-- Move table t016 to app_migrator
ALTER TABLE "public"."t016" OWNER TO "app_migrator";
-- Move table t017 to app_migrator
ALTER TABLE "public"."t017" OWNER TO "app_migrator";
-- Move table t018 to app_migrator
ALTER TABLE "public"."t018" OWNER TO "app_migrator";
-- Move table t019 to app_migrator
ALTER TABLE "public"."t019" OWNER TO "app_migrator";
-- Move table t020 to app_migrator
ALTER TABLE "public"."t020" OWNER TO "app_migrator";
-- Move table t021 to app_migrator
ALTER TABLE "public"."t021" OWNER TO "app_migrator";
-- Move table t022 to app_migrator
ALTER TABLE "public"."t022" OWNER TO "app_migrator";
-- Move table t023 to app_migrator
ALTER TABLE "public"."t023" OWNER TO "app_migrator";
-- Move table t024 to app_migrator
ALTER TABLE "public"."t024" OWNER TO "app_migrator";
-- Move table t025 to app_migrator
ALTER TABLE "public"."t025" OWNER TO "app_migrator";
-- Move table t026 to app_migrator
ALTER TABLE "public"."t026" OWNER TO "app_migrator";
-- Move table t027 to app_migrator
ALTER TABLE "public"."t027" OWNER TO "app_migrator";
-- Move table t028 to app_migrator
ALTER TABLE "public"."t028" OWNER TO "app_migrator";
-- Move table t029 to app_migrator
ALTER TABLE "public"."t029" OWNER TO "app_migrator";
-- Move table t030 to app_migrator
ALTER TABLE "public"."t030" OWNER TO "app_migrator";
-- Move table t031 to app_migrator
ALTER TABLE "public"."t031" OWNER TO "app_migrator";
-- Move table t032 to app_migrator
ALTER TABLE "public"."t032" OWNER TO "app_migrator";
-- Move table t033 to app_migrator
ALTER TABLE "public"."t033" OWNER TO "app_migrator";
-- Move table t034 to app_migrator
ALTER TABLE "public"."t034" OWNER TO "app_migrator";
-- Move table t035 to app_migrator
ALTER TABLE "public"."t035" OWNER TO "app_migrator";
-- Move table t036 to app_migrator
ALTER TABLE "public"."t036" OWNER TO "app_migrator";
-- Move table t037 to app_migrator
ALTER TABLE "public"."t037" OWNER TO "app_migrator";
-- Move table t038 to app_migrator
ALTER TABLE "public"."t038" OWNER TO "app_migrator";
-- Move table t039 to app_migrator
ALTER TABLE "public"."t039" OWNER TO "app_migrator";
-- Move table t040 to app_migrator
ALTER TABLE "public"."t040" OWNER TO "app_migrator";
-- Move table t041 to app_migrator
ALTER TABLE "public"."t041" OWNER TO "app_migrator";
-- Move table t042 to app_migrator
ALTER TABLE "public"."t042" OWNER TO "app_migrator";
-- Move table t043 to app_migrator
ALTER TABLE "public"."t043" OWNER TO "app_migrator";
-- Move table t044 to app_migrator
ALTER TABLE "public"."t044" OWNER TO "app_migrator";
-- Move table t045 to app_migrator
ALTER TABLE "public"."t045" OWNER TO "app_migrator";
-- Move table t046 to app_migrator
ALTER TABLE "public"."t046" OWNER TO "app_migrator";
-- Move table t047 to app_migrator
ALTER TABLE "public"."t047" OWNER TO "app_migrator";
-- Move table t048 to app_migrator
ALTER TABLE "public"."t048" OWNER TO "app_migrator";
-- Move table t049 to app_migrator
ALTER TABLE "public"."t049" OWNER TO "app_migrator";
-- Move table t050 to app_migrator
ALTER TABLE "public"."t050" OWNER TO "app_migrator";
-- Move table t051 to app_migrator
ALTER TABLE "public"."t051" OWNER TO "app_migrator";
-- Move table t052 to app_migrator
ALTER TABLE "public"."t052" OWNER TO "app_migrator";
-- Move table t053 to app_migrator
ALTER TABLE "public"."t053" OWNER TO "app_migrator";
-- Move table t054 to app_migrator
ALTER TABLE "public"."t054" OWNER TO "app_migrator";
-- Move table t055 to app_migrator
ALTER TABLE "public"."t055" OWNER TO "app_migrator";
-- Move table t056 to app_migrator
ALTER TABLE "public"."t056" OWNER TO "app_migrator";
-- Move table t057 to app_migrator
ALTER TABLE "public"."t057" OWNER TO "app_migrator";
-- Move table t058 to app_migrator
ALTER TABLE "public"."t058" OWNER TO "app_migrator";
-- Move table t059 to app_migrator
ALTER TABLE "public"."t059" OWNER TO "app_migrator";
-- Move table t060 to app_migrator
ALTER TABLE "public"."t060" OWNER TO "app_migrator";
-- Move table t061 to app_migrator
ALTER TABLE "public"."t061" OWNER TO "app_migrator";
-- Move table t062 to app_migrator
ALTER TABLE "public"."t062" OWNER TO "app_migrator";
-- Move table t063 to app_migrator
ALTER TABLE "public"."t063" OWNER TO "app_migrator";
-- Move table t064 to app_migrator
ALTER TABLE "public"."t064" OWNER TO "app_migrator";
-- Move table t065 to app_migrator
ALTER TABLE "public"."t065" OWNER TO "app_migrator";
-- Move table t066 to app_migrator
ALTER TABLE "public"."t066" OWNER TO "app_migrator";
-- Move table t067 to app_migrator
ALTER TABLE "public"."t067" OWNER TO "app_migrator";
-- Move table t068 to app_migrator
ALTER TABLE "public"."t068" OWNER TO "app_migrator";
-- Move table t069 to app_migrator
ALTER TABLE "public"."t069" OWNER TO "app_migrator";
-- Move table t070 to app_migrator
ALTER TABLE "public"."t070" OWNER TO "app_migrator";
-- Move table t071 to app_migrator
ALTER TABLE "public"."t071" OWNER TO "app_migrator";
-- Move table t072 to app_migrator
ALTER TABLE "public"."t072" OWNER TO "app_migrator";
-- Move table t073 to app_migrator
ALTER TABLE "public"."t073" OWNER TO "app_migrator";
-- Move table t074 to app_migrator
ALTER TABLE "public"."t074" OWNER TO "app_migrator";
-- Move table t075 to app_migrator
ALTER TABLE "public"."t075" OWNER TO "app_migrator";
-- Move table t076 to app_migrator
ALTER TABLE "public"."t076" OWNER TO "app_migrator";
-- Move table t077 to app_migrator
ALTER TABLE "public"."t077" OWNER TO "app_migrator";
-- Move table t078 to app_migrator
ALTER TABLE "public"."t078" OWNER TO "app_migrator";
-- Move table t079 to app_migrator
ALTER TABLE "public"."t079" OWNER TO "app_migrator";
-- Move table t080 to app_migrator
ALTER TABLE "public"."t080" OWNER TO "app_migrator";
-- Move table t081 to app_migrator
ALTER TABLE "public"."t081" OWNER TO "app_migrator";
-- Move table t082 to app_migrator
ALTER TABLE "public"."t082" OWNER TO "app_migrator";
-- Move table t083 to app_migrator
ALTER TABLE "public"."t083" OWNER TO "app_migrator";
-- Move table t084 to app_migrator
ALTER TABLE "public"."t084" OWNER TO "app_migrator";
-- Move table t085 to app_migrator
ALTER TABLE "public"."t085" OWNER TO "app_migrator";
-- Move table t086 to app_migrator
ALTER TABLE "public"."t086" OWNER TO "app_migrator";
-- Move table t087 to app_migrator
ALTER TABLE "public"."t087" OWNER TO "app_migrator";
-- Move table t088 to app_migrator
ALTER TABLE "public"."t088" OWNER TO "app_migrator";
-- Move table t089 to app_migrator
ALTER TABLE "public"."t089" OWNER TO "app_migrator";
-- Move table t090 to app_migrator
ALTER TABLE "public"."t090" OWNER TO "app_migrator";
-- Move table t091 to app_migrator
ALTER TABLE "public"."t091" OWNER TO "app_migrator";
-- Move table t092 to app_migrator
ALTER TABLE "public"."t092" OWNER TO "app_migrator";
-- Move table t093 to app_migrator
ALTER TABLE "public"."t093" OWNER TO "app_migrator";
-- Move table t094 to app_migrator
ALTER TABLE "public"."t094" OWNER TO "app_migrator";
-- Move table t095 to app_migrator
ALTER TABLE "public"."t095" OWNER TO "app_migrator";
-- Move table t096 to app_migrator
ALTER TABLE "public"."t096" OWNER TO "app_migrator";
-- Move table t097 to app_migrator
ALTER TABLE "public"."t097" OWNER TO "app_migrator";
-- Move table t098 to app_migrator
ALTER TABLE "public"."t098" OWNER TO "app_migrator";
-- Move table t099 to app_migrator
ALTER TABLE "public"."t099" OWNER TO "app_migrator";
COMMIT;
\endif

-- Batch 3 of 3
SELECT 3 >= :first_batch AS flatsplit_run \gset
\if :flatsplit_run
\echo batch 3 of 3: 20 statements
BEGIN;
SET LOCAL lock_timeout = :'held_lock_timeout';
-- Move table t100 to app_migrator
ALTER TABLE "public"."t100" OWNER TO "app_migrator";
-- Move table t101 to app_migrator
ALTER TABLE "public"."t101" OWNER TO "app_migrator";
-- Move table t102 to app_migrator
ALTER TABLE "public"."t102" OWNER TO "app_migrator";
-- Move table t103 to app_migrator
ALTER TABLE "public"."t103" OWNER TO "app_migrator";
-- Move table t104 to app_migrator
ALTER TABLE "public"."t104" OWNER TO "app_migrator";
-- Move table t105 to app_migrator
ALTER TABLE "public"."t105" OWNER TO "app_migrator";
-- Move table t106 to app_migrator
ALTER TABLE "public"."t106" OWNER TO "app_migrator";
-- Move table t107 to app_migrator
ALTER TABLE "public"."t107" OWNER TO "app_migrator";
-- Move table t108 to app_migrator
ALTER TABLE "public"."t108" OWNER TO "app_migrator";
-- Move table t109 to app_migrator
ALTER TABLE "public"."t109" OWNER TO "app_migrator";
-- Move table t110 to app_migrator
ALTER TABLE "public"."t110" OWNER TO "app_migrator";
-- Move table t111 to app_migrator
ALTER TABLE "public"."t111" OWNER TO "app_migrator";
-- Move table t112 to app_migrator
ALTER TABLE "public"."t112" OWNER TO "app_migrator";
-- Move table t113 to app_migrator
ALTER TABLE "public"."t113" OWNER TO "app_migrator";
-- Move table t114 to app_migrator
ALTER TABLE "public"."t114" OWNER TO "app_migrator";
-- Move table t115 to app_migrator
ALTER TABLE "public"."t115" OWNER TO "app_migrator";
-- Move table t116 to app_migrator
ALTER TABLE "public"."t116" OWNER TO "app_migrator";
-- Move table t117 to app_migrator
ALTER TABLE "public"."t117" OWNER TO "app_migrator";
-- Move table t118 to app_migrator
ALTER TABLE "public"."t118" OWNER TO "app_migrator";
-- Move table t119 to app_migrator
ALTER TABLE "public"."t119" OWNER TO "app_migrator";
COMMIT;
\endif

\echo done
