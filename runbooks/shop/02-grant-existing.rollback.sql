-- Rollback of step grant-existing: Grant rights on everything that exists
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16387) of cluster 7713975661601389084, PostgreSQL 18.6
--   legacy role shop, to be run as operator
--   plan 8fbb418943246a29
--
-- Gives app_user, app_readonly and app_migrator the privileges they need on all existing objects, only
-- where they are missing. GRANT takes no lock that readers or writers wait for.
--
-- Only when the step has run, and only after the rollback of every later step that has run.
-- It takes back the step as planned. What was created since the script was made is not in it; flatsplit rollback finds that too.
--
-- Run it with: psql -X -f 02-grant-existing.rollback.sql "service=…"
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
SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'shop' AND c.relname = 'sales' AND pg_catalog.pg_get_userbyid(c.relowner) = 'app_migrator') AS flatsplit_too_early \gset
\if :flatsplit_too_early
DO $$BEGIN RAISE EXCEPTION 'transfer-ownership has run and is not taken back' USING HINT = 'run 04-transfer-ownership.rollback.sql first'; END$$;
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
-- revoke CONNECT on database shop from app_migrator
REVOKE CONNECT ON DATABASE "shop" FROM "app_migrator";
-- revoke CONNECT on database shop from app_readonly
REVOKE CONNECT ON DATABASE "shop" FROM "app_readonly";
-- revoke CONNECT on database shop from app_user
REVOKE CONNECT ON DATABASE "shop" FROM "app_user";
-- revoke CONNECT on database shop from dba
REVOKE CONNECT ON DATABASE "shop" FROM "dba";
-- revoke SELECT on 5 large objects in the database from app_readonly
REVOKE SELECT ON LARGE OBJECT 17037, 17038, 17039, 17040, 17041 FROM "app_readonly";
-- revoke SELECT, UPDATE on 5 large objects in the database from app_user
REVOKE SELECT, UPDATE ON LARGE OBJECT 17037, 17038, 17039, 17040, 17041 FROM "app_user";
-- revoke EXECUTE on function shop.settle(wanted bigint, placed date) from app_user
REVOKE EXECUTE ON ROUTINE "shop"."settle"(IN wanted bigint, placed date) FROM "app_user";
-- revoke USAGE, CREATE on schema public from app_migrator
REVOKE USAGE, CREATE ON SCHEMA "public" FROM "app_migrator";
-- revoke USAGE on schema flatsplit from app_migrator
REVOKE USAGE ON SCHEMA "flatsplit" FROM "app_migrator";
-- revoke USAGE on schema flatsplit from app_readonly
REVOKE USAGE ON SCHEMA "flatsplit" FROM "app_readonly";
-- revoke USAGE on schema public from app_readonly
REVOKE USAGE ON SCHEMA "public" FROM "app_readonly";
-- revoke USAGE on schema shop from app_readonly
REVOKE USAGE ON SCHEMA "shop" FROM "app_readonly";
-- revoke USAGE on schema public from app_user
REVOKE USAGE ON SCHEMA "public" FROM "app_user";
-- revoke USAGE on schema shop from app_user
REVOKE USAGE ON SCHEMA "shop" FROM "app_user";
-- revoke SELECT on 11 sequences in flatsplit from app_migrator
REVOKE SELECT ON SEQUENCE "flatsplit"."action_id_seq", "flatsplit"."baseline_id_seq", "flatsplit"."counter_id_seq", "flatsplit"."cutover_id_seq", "flatsplit"."event_id_seq", "flatsplit"."learned_id_seq", "flatsplit"."need_id_seq", "flatsplit"."observation_id_seq", "flatsplit"."snapshot_id_seq", "flatsplit"."span_id_seq", "flatsplit"."step_id_seq" FROM "app_migrator";
-- revoke SELECT on 11 sequences in flatsplit from app_readonly
REVOKE SELECT ON SEQUENCE "flatsplit"."action_id_seq", "flatsplit"."baseline_id_seq", "flatsplit"."counter_id_seq", "flatsplit"."cutover_id_seq", "flatsplit"."event_id_seq", "flatsplit"."learned_id_seq", "flatsplit"."need_id_seq", "flatsplit"."observation_id_seq", "flatsplit"."snapshot_id_seq", "flatsplit"."span_id_seq", "flatsplit"."step_id_seq" FROM "app_readonly";
-- revoke SELECT on 14 sequences in shop from app_readonly
REVOKE SELECT ON SEQUENCE "shop"."audit_log_id_seq", "shop"."categories_id_seq", "shop"."customers_id_seq", "shop"."document_number", "shop"."invoice_number", "shop"."orders_id_seq", "shop"."payments_id_seq", "shop"."products_id_seq", "shop"."reviews_id_seq", "shop"."shipments_id_seq", "shop"."suppliers_id_seq", "shop"."tenants_id_seq", "shop"."tickets_id_seq", "shop"."warehouses_id_seq" FROM "app_readonly";
-- revoke USAGE on 14 sequences in shop from app_user
REVOKE USAGE ON SEQUENCE "shop"."audit_log_id_seq", "shop"."categories_id_seq", "shop"."customers_id_seq", "shop"."document_number", "shop"."invoice_number", "shop"."orders_id_seq", "shop"."payments_id_seq", "shop"."products_id_seq", "shop"."reviews_id_seq", "shop"."shipments_id_seq", "shop"."suppliers_id_seq", "shop"."tenants_id_seq", "shop"."tickets_id_seq", "shop"."warehouses_id_seq" FROM "app_user";
-- revoke SELECT on 13 tables in flatsplit from app_migrator
REVOKE SELECT ON TABLE "flatsplit"."action", "flatsplit"."alembic_version", "flatsplit"."baseline", "flatsplit"."change", "flatsplit"."counter", "flatsplit"."cutover", "flatsplit"."event", "flatsplit"."learned", "flatsplit"."need", "flatsplit"."observation", "flatsplit"."snapshot", "flatsplit"."span", "flatsplit"."step" FROM "app_migrator";
-- revoke SELECT on 13 tables in flatsplit from app_readonly
REVOKE SELECT ON TABLE "flatsplit"."action", "flatsplit"."alembic_version", "flatsplit"."baseline", "flatsplit"."change", "flatsplit"."counter", "flatsplit"."cutover", "flatsplit"."event", "flatsplit"."learned", "flatsplit"."need", "flatsplit"."observation", "flatsplit"."snapshot", "flatsplit"."span", "flatsplit"."step" FROM "app_readonly";
-- revoke SELECT on table public.targets from app_migrator
REVOKE SELECT ON TABLE "public"."targets" FROM "app_migrator";
-- revoke SELECT on table public.targets from app_readonly
REVOKE SELECT ON TABLE "public"."targets" FROM "app_readonly";
-- revoke SELECT on 6 tables and views in public from app_readonly
REVOKE SELECT ON TABLE "public"."countries", "public"."currencies", "public"."exchange_rates", "public"."feature_flags", "public"."schema_migrations", "public"."rates" FROM "app_readonly";
-- revoke SELECT, INSERT, UPDATE, DELETE on 6 tables and views in public from app_user
REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLE "public"."countries", "public"."currencies", "public"."exchange_rates", "public"."feature_flags", "public"."schema_migrations", "public"."rates" FROM "app_user";
-- revoke SELECT on table public.targets from app_user
REVOKE SELECT ON TABLE "public"."targets" FROM "app_user";
-- revoke SELECT on 32 materialized views and partitioned tables and tables and views in shop from app_readonly
DO $flatsplit$
BEGIN
  -- The comment that it has already: setting it takes a lock, so REFRESH and TRUNCATE wait for the GRANT and work
  EXECUTE format('COMMENT ON MATERIALIZED VIEW %s IS %L', '"shop"."sales"'::text, obj_description('"shop"."sales"'::regclass, 'pg_class'));
END
$flatsplit$; REVOKE SELECT ON TABLE "shop"."sales", "shop"."orders", "shop"."audit_log", "shop"."baskets", "shop"."categories", "shop"."coupons", "shop"."customers", "shop"."data_sheets", "shop"."order_items", "shop"."orders_2026_01", "shop"."orders_2026_02", "shop"."orders_2026_03", "shop"."orders_2026_04", "shop"."orders_2026_05", "shop"."orders_2026_06", "shop"."orders_other", "shop"."payments", "shop"."products", "shop"."reviews", "shop"."shipments", "shop"."stock", "shop"."suppliers", "shop"."tenants", "shop"."tickets", "shop"."warehouses", "shop"."available", "shop"."best_sellers", "shop"."catalogue", "shop"."customer_orders", "shop"."open_orders", "shop"."order_totals", "shop"."revenue_by_month" FROM "app_readonly";
-- revoke SELECT, INSERT, UPDATE, DELETE on 31 partitioned tables and tables and views in shop from app_user
REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLE "shop"."orders", "shop"."audit_log", "shop"."baskets", "shop"."categories", "shop"."coupons", "shop"."customers", "shop"."data_sheets", "shop"."order_items", "shop"."orders_2026_01", "shop"."orders_2026_02", "shop"."orders_2026_03", "shop"."orders_2026_04", "shop"."orders_2026_05", "shop"."orders_2026_06", "shop"."orders_other", "shop"."payments", "shop"."products", "shop"."reviews", "shop"."shipments", "shop"."stock", "shop"."suppliers", "shop"."tenants", "shop"."tickets", "shop"."warehouses", "shop"."available", "shop"."best_sellers", "shop"."catalogue", "shop"."customer_orders", "shop"."open_orders", "shop"."order_totals", "shop"."revenue_by_month" FROM "app_user";
-- revoke SELECT on materialized view shop.sales from app_user
DO $flatsplit$
BEGIN
  -- The comment that it has already: setting it takes a lock, so REFRESH and TRUNCATE wait for the GRANT and work
  EXECUTE format('COMMENT ON MATERIALIZED VIEW %s IS %L', '"shop"."sales"'::text, obj_description('"shop"."sales"'::regclass, 'pg_class'));
END
$flatsplit$; REVOKE SELECT ON TABLE "shop"."sales" FROM "app_user";
COMMIT;
\endif

\echo done
