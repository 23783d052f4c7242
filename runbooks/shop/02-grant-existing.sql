-- Step grant-existing: Grant rights on everything that exists
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16387) of cluster 7713975661601389084, PostgreSQL 18.6
--   legacy role shop, to be run as operator
--   plan 8fbb418943246a29
--
-- Gives app_user, app_readonly and app_migrator the privileges they need on all existing objects, only
-- where they are missing. GRANT takes no lock that readers or writers wait for.
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
SET SESSION transaction_timeout = 0;

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
\echo batch 1 of 1: 28 statements
BEGIN;
-- grant CONNECT on database shop to app_migrator
GRANT CONNECT ON DATABASE "shop" TO "app_migrator";
-- grant CONNECT on database shop to app_readonly
GRANT CONNECT ON DATABASE "shop" TO "app_readonly";
-- grant CONNECT on database shop to app_user
GRANT CONNECT ON DATABASE "shop" TO "app_user";
-- grant CONNECT on database shop to dba
GRANT CONNECT ON DATABASE "shop" TO "dba";
-- grant SELECT on 5 large objects in the database to app_readonly
GRANT SELECT ON LARGE OBJECT 17037, 17038, 17039, 17040, 17041 TO "app_readonly";
-- grant SELECT, UPDATE on 5 large objects in the database to app_user
GRANT SELECT, UPDATE ON LARGE OBJECT 17037, 17038, 17039, 17040, 17041 TO "app_user";
-- grant EXECUTE on function shop.settle(wanted bigint, placed date) to app_user
GRANT EXECUTE ON ROUTINE "shop"."settle"(IN wanted bigint, placed date) TO "app_user";
-- grant USAGE, CREATE on schema public to app_migrator
GRANT USAGE, CREATE ON SCHEMA "public" TO "app_migrator";
-- grant USAGE on schema flatsplit to app_migrator
GRANT USAGE ON SCHEMA "flatsplit" TO "app_migrator";
-- grant USAGE on schema flatsplit to app_readonly
GRANT USAGE ON SCHEMA "flatsplit" TO "app_readonly";
-- grant USAGE on schema public to app_readonly
GRANT USAGE ON SCHEMA "public" TO "app_readonly";
-- grant USAGE on schema shop to app_readonly
GRANT USAGE ON SCHEMA "shop" TO "app_readonly";
-- grant USAGE on schema public to app_user
GRANT USAGE ON SCHEMA "public" TO "app_user";
-- grant USAGE on schema shop to app_user
GRANT USAGE ON SCHEMA "shop" TO "app_user";
-- grant SELECT on 11 sequences in flatsplit to app_migrator
GRANT SELECT ON SEQUENCE "flatsplit"."action_id_seq", "flatsplit"."baseline_id_seq", "flatsplit"."counter_id_seq", "flatsplit"."cutover_id_seq", "flatsplit"."event_id_seq", "flatsplit"."learned_id_seq", "flatsplit"."need_id_seq", "flatsplit"."observation_id_seq", "flatsplit"."snapshot_id_seq", "flatsplit"."span_id_seq", "flatsplit"."step_id_seq" TO "app_migrator";
-- grant SELECT on 11 sequences in flatsplit to app_readonly
GRANT SELECT ON SEQUENCE "flatsplit"."action_id_seq", "flatsplit"."baseline_id_seq", "flatsplit"."counter_id_seq", "flatsplit"."cutover_id_seq", "flatsplit"."event_id_seq", "flatsplit"."learned_id_seq", "flatsplit"."need_id_seq", "flatsplit"."observation_id_seq", "flatsplit"."snapshot_id_seq", "flatsplit"."span_id_seq", "flatsplit"."step_id_seq" TO "app_readonly";
-- grant SELECT on 14 sequences in shop to app_readonly
GRANT SELECT ON SEQUENCE "shop"."audit_log_id_seq", "shop"."categories_id_seq", "shop"."customers_id_seq", "shop"."document_number", "shop"."invoice_number", "shop"."orders_id_seq", "shop"."payments_id_seq", "shop"."products_id_seq", "shop"."reviews_id_seq", "shop"."shipments_id_seq", "shop"."suppliers_id_seq", "shop"."tenants_id_seq", "shop"."tickets_id_seq", "shop"."warehouses_id_seq" TO "app_readonly";
-- grant USAGE on 14 sequences in shop to app_user
GRANT USAGE ON SEQUENCE "shop"."audit_log_id_seq", "shop"."categories_id_seq", "shop"."customers_id_seq", "shop"."document_number", "shop"."invoice_number", "shop"."orders_id_seq", "shop"."payments_id_seq", "shop"."products_id_seq", "shop"."reviews_id_seq", "shop"."shipments_id_seq", "shop"."suppliers_id_seq", "shop"."tenants_id_seq", "shop"."tickets_id_seq", "shop"."warehouses_id_seq" TO "app_user";
-- grant SELECT on 13 tables in flatsplit to app_migrator
GRANT SELECT ON TABLE "flatsplit"."action", "flatsplit"."alembic_version", "flatsplit"."baseline", "flatsplit"."change", "flatsplit"."counter", "flatsplit"."cutover", "flatsplit"."event", "flatsplit"."learned", "flatsplit"."need", "flatsplit"."observation", "flatsplit"."snapshot", "flatsplit"."span", "flatsplit"."step" TO "app_migrator";
-- grant SELECT on 13 tables in flatsplit to app_readonly
GRANT SELECT ON TABLE "flatsplit"."action", "flatsplit"."alembic_version", "flatsplit"."baseline", "flatsplit"."change", "flatsplit"."counter", "flatsplit"."cutover", "flatsplit"."event", "flatsplit"."learned", "flatsplit"."need", "flatsplit"."observation", "flatsplit"."snapshot", "flatsplit"."span", "flatsplit"."step" TO "app_readonly";
-- grant SELECT on table public.targets to app_migrator
GRANT SELECT ON TABLE "public"."targets" TO "app_migrator";
-- grant SELECT on table public.targets to app_readonly
GRANT SELECT ON TABLE "public"."targets" TO "app_readonly";
-- grant SELECT on 6 tables and views in public to app_readonly
GRANT SELECT ON TABLE "public"."countries", "public"."currencies", "public"."exchange_rates", "public"."feature_flags", "public"."schema_migrations", "public"."rates" TO "app_readonly";
-- grant SELECT, INSERT, UPDATE, DELETE on 6 tables and views in public to app_user
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE "public"."countries", "public"."currencies", "public"."exchange_rates", "public"."feature_flags", "public"."schema_migrations", "public"."rates" TO "app_user";
-- grant SELECT on table public.targets to app_user
GRANT SELECT ON TABLE "public"."targets" TO "app_user";
-- grant SELECT on 32 materialized views and partitioned tables and tables and views in shop to app_readonly
DO $flatsplit$
BEGIN
  -- The comment that it has already: setting it takes a lock, so REFRESH and TRUNCATE wait for the GRANT and work
  EXECUTE format('COMMENT ON MATERIALIZED VIEW %s IS %L', '"shop"."sales"'::text, obj_description('"shop"."sales"'::regclass, 'pg_class'));
END
$flatsplit$; GRANT SELECT ON TABLE "shop"."sales", "shop"."orders", "shop"."audit_log", "shop"."baskets", "shop"."categories", "shop"."coupons", "shop"."customers", "shop"."data_sheets", "shop"."order_items", "shop"."orders_2026_01", "shop"."orders_2026_02", "shop"."orders_2026_03", "shop"."orders_2026_04", "shop"."orders_2026_05", "shop"."orders_2026_06", "shop"."orders_other", "shop"."payments", "shop"."products", "shop"."reviews", "shop"."shipments", "shop"."stock", "shop"."suppliers", "shop"."tenants", "shop"."tickets", "shop"."warehouses", "shop"."available", "shop"."best_sellers", "shop"."catalogue", "shop"."customer_orders", "shop"."open_orders", "shop"."order_totals", "shop"."revenue_by_month" TO "app_readonly";
-- grant SELECT, INSERT, UPDATE, DELETE on 31 partitioned tables and tables and views in shop to app_user
GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE "shop"."orders", "shop"."audit_log", "shop"."baskets", "shop"."categories", "shop"."coupons", "shop"."customers", "shop"."data_sheets", "shop"."order_items", "shop"."orders_2026_01", "shop"."orders_2026_02", "shop"."orders_2026_03", "shop"."orders_2026_04", "shop"."orders_2026_05", "shop"."orders_2026_06", "shop"."orders_other", "shop"."payments", "shop"."products", "shop"."reviews", "shop"."shipments", "shop"."stock", "shop"."suppliers", "shop"."tenants", "shop"."tickets", "shop"."warehouses", "shop"."available", "shop"."best_sellers", "shop"."catalogue", "shop"."customer_orders", "shop"."open_orders", "shop"."order_totals", "shop"."revenue_by_month" TO "app_user";
-- grant SELECT on materialized view shop.sales to app_user
DO $flatsplit$
BEGIN
  -- The comment that it has already: setting it takes a lock, so REFRESH and TRUNCATE wait for the GRANT and work
  EXECUTE format('COMMENT ON MATERIALIZED VIEW %s IS %L', '"shop"."sales"'::text, obj_description('"shop"."sales"'::regclass, 'pg_class'));
END
$flatsplit$; GRANT SELECT ON TABLE "shop"."sales" TO "app_user";
COMMIT;
\endif

\echo done
