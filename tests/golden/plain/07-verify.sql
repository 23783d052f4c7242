-- Step verify: Try what each role can do
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16401) of cluster 7312345678901234567, PostgreSQL 16.4
--   legacy role shop, to be run as postgres
--   plan 07ab07ab07ab07ab07ab07ab07ab07ab07ab07ab07ab07ab07ab07ab07ab07ab
--
-- Why verify is there, in a sentence or two for the reviewer.
--
-- Nothing is changed: flatsplit verify tries what each role can and cannot do.
--
-- No statements are needed now.
--
-- Run it with: psql -X -f 07-verify.sql "service=…"

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
