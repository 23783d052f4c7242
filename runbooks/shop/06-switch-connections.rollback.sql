-- Rollback of step switch-connections: Switch connections
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16387) of cluster 7713975661601389084, PostgreSQL 18.6
--   legacy role shop, to be run as operator
--   plan 8d66549af1a1823c
--
-- People move the application's connections to app_user and the migration tool's to app_migrator.
-- flatsplit changes nothing here; it watches until the new roles are in use and the old one is not.
--
-- Only when the step has run, and only after the rollback of every later step that has run.
-- It takes back the step as planned. What was created since the script was made is not in it; flatsplit rollback finds that too.
-- People do this one: point the application, the migration tool and the reports back at shop.
--
-- There is nothing for SQL to take back.
--
-- Run it with: psql -X -f 06-switch-connections.rollback.sql "service=…"

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

-- Who is connected to this database
SELECT usename, application_name, client_addr, count(*) AS connections
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
GROUP BY usename, application_name, client_addr
ORDER BY usename, application_name, client_addr;
