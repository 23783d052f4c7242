-- Step switch-connections: Switch connections
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16387) of cluster 7713489125034656119, PostgreSQL 18.6
--   legacy role shop, to be run as operator
--   plan 33d09411dd3b78e8
--
-- People move the application's connections to app_user and the migration tool's to app_migrator.
-- flatsplit changes nothing here; it watches until the new roles are in use and the old one is not.
--
-- People do this one:
--   point the application at    app_user
--   point the migration tool at app_migrator
--   point reports at            app_readonly
-- then reload the pools and restart what keeps connections. Nobody may be left as shop.
--
-- No statements are needed now.
--
-- Run it with: psql -X -f 06-switch-connections.sql "service=…"

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

-- Who is connected to this database
SELECT usename, application_name, client_addr, count(*) AS connections
FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
GROUP BY usename, application_name, client_addr
ORDER BY usename, application_name, client_addr;
