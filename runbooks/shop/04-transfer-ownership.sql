-- Step transfer-ownership: Move ownership to app_migrator
--
-- Made by flatsplit 0.1.0 for
--   database shop (oid 16387) of cluster 7713975661601389084, PostgreSQL 18.6
--   legacy role shop, to be run as operator
--   plan 0ea3cbb9f5e077f4
--
-- Makes the old role a member of app_migrator (the bridge), then gives all its objects to
-- app_migrator. As a member of the owner the running application keeps every right it had. ALTER …
-- OWNER takes ACCESS EXCLUSIVE for a moment; no statement waits for that longer than lock_timeout.
--
-- Run it with: psql -X -f 04-transfer-ownership.sql "service=…"
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
\if :{?held_lock_timeout}
\else
\set held_lock_timeout 10ms
\endif
SET lock_timeout = :'lock_timeout';

-- Batch 1 of 1
SELECT 1 >= :first_batch AS flatsplit_run \gset
\if :flatsplit_run
\echo batch 1 of 1: 68 statements
BEGIN;
SET LOCAL lock_timeout = :'held_lock_timeout';
-- shop becomes a member of app_migrator
GRANT "app_migrator" TO "shop" WITH ADMIN FALSE, INHERIT TRUE, SET TRUE GRANTED BY "postgres";
-- schema shop: owner shop → app_migrator
ALTER SCHEMA "shop" OWNER TO "app_migrator";
-- type shop.address: owner shop → app_migrator
ALTER TYPE "shop"."address" OWNER TO "app_migrator";
-- type shop.order_state: owner shop → app_migrator
ALTER TYPE "shop"."order_state" OWNER TO "app_migrator";
-- type shop.payment_kind: owner shop → app_migrator
ALTER TYPE "shop"."payment_kind" OWNER TO "app_migrator";
-- type shop.price_band: owner shop → app_migrator
ALTER TYPE "shop"."price_band" OWNER TO "app_migrator";
-- domain shop.amount: owner shop → app_migrator
ALTER DOMAIN "shop"."amount" OWNER TO "app_migrator";
-- domain shop.email: owner shop → app_migrator
ALTER DOMAIN "shop"."email" OWNER TO "app_migrator";
-- collation shop.by_byte: owner shop → app_migrator
ALTER COLLATION "shop"."by_byte" OWNER TO "app_migrator";
-- partitioned table shop.orders: owner shop → app_migrator
ALTER TABLE "shop"."orders" OWNER TO "app_migrator";
-- sequence shop.document_number: owner shop → app_migrator
ALTER SEQUENCE "shop"."document_number" OWNER TO "app_migrator";
-- sequence shop.invoice_number: owner shop → app_migrator
ALTER SEQUENCE "shop"."invoice_number" OWNER TO "app_migrator";
-- table public.countries: owner shop → app_migrator
ALTER TABLE "public"."countries" OWNER TO "app_migrator";
-- table public.currencies: owner shop → app_migrator
ALTER TABLE "public"."currencies" OWNER TO "app_migrator";
-- table public.exchange_rates: owner shop → app_migrator
ALTER TABLE "public"."exchange_rates" OWNER TO "app_migrator";
-- table public.feature_flags: owner shop → app_migrator
ALTER TABLE "public"."feature_flags" OWNER TO "app_migrator";
-- table public.schema_migrations: owner shop → app_migrator
ALTER TABLE "public"."schema_migrations" OWNER TO "app_migrator";
-- table shop.audit_log: owner shop → app_migrator
ALTER TABLE "shop"."audit_log" OWNER TO "app_migrator";
-- table shop.baskets: owner shop → app_migrator
ALTER TABLE "shop"."baskets" OWNER TO "app_migrator";
-- table shop.categories: owner shop → app_migrator
ALTER TABLE "shop"."categories" OWNER TO "app_migrator";
-- table shop.coupons: owner shop → app_migrator
ALTER TABLE "shop"."coupons" OWNER TO "app_migrator";
-- table shop.customers: owner shop → app_migrator
ALTER TABLE "shop"."customers" OWNER TO "app_migrator";
-- table shop.data_sheets: owner shop → app_migrator
ALTER TABLE "shop"."data_sheets" OWNER TO "app_migrator";
-- table shop.order_items: owner shop → app_migrator
ALTER TABLE "shop"."order_items" OWNER TO "app_migrator";
-- table shop.orders_2026_01: owner shop → app_migrator
ALTER TABLE "shop"."orders_2026_01" OWNER TO "app_migrator";
-- table shop.orders_2026_02: owner shop → app_migrator
ALTER TABLE "shop"."orders_2026_02" OWNER TO "app_migrator";
-- table shop.orders_2026_03: owner shop → app_migrator
ALTER TABLE "shop"."orders_2026_03" OWNER TO "app_migrator";
-- table shop.orders_2026_04: owner shop → app_migrator
ALTER TABLE "shop"."orders_2026_04" OWNER TO "app_migrator";
-- table shop.orders_2026_05: owner shop → app_migrator
ALTER TABLE "shop"."orders_2026_05" OWNER TO "app_migrator";
-- table shop.orders_2026_06: owner shop → app_migrator
ALTER TABLE "shop"."orders_2026_06" OWNER TO "app_migrator";
-- table shop.orders_other: owner shop → app_migrator
ALTER TABLE "shop"."orders_other" OWNER TO "app_migrator";
-- table shop.payments: owner shop → app_migrator
ALTER TABLE "shop"."payments" OWNER TO "app_migrator";
-- table shop.products: owner shop → app_migrator
ALTER TABLE "shop"."products" OWNER TO "app_migrator";
-- table shop.reviews: owner shop → app_migrator
ALTER TABLE "shop"."reviews" OWNER TO "app_migrator";
-- table shop.shipments: owner shop → app_migrator
ALTER TABLE "shop"."shipments" OWNER TO "app_migrator";
-- table shop.stock: owner shop → app_migrator
ALTER TABLE "shop"."stock" OWNER TO "app_migrator";
-- table shop.suppliers: owner shop → app_migrator
ALTER TABLE "shop"."suppliers" OWNER TO "app_migrator";
-- table shop.tenants: owner shop → app_migrator
ALTER TABLE "shop"."tenants" OWNER TO "app_migrator";
-- table shop.tickets: owner shop → app_migrator
ALTER TABLE "shop"."tickets" OWNER TO "app_migrator";
-- table shop.warehouses: owner shop → app_migrator
ALTER TABLE "shop"."warehouses" OWNER TO "app_migrator";
-- materialized view shop.sales: owner shop → app_migrator
ALTER MATERIALIZED VIEW "shop"."sales" OWNER TO "app_migrator";
-- view public.rates: owner shop → app_migrator
ALTER VIEW "public"."rates" OWNER TO "app_migrator";
-- view shop.catalogue: owner shop → app_migrator
ALTER VIEW "shop"."catalogue" OWNER TO "app_migrator";
-- view shop.open_orders: owner shop → app_migrator
ALTER VIEW "shop"."open_orders" OWNER TO "app_migrator";
-- view shop.order_totals: owner shop → app_migrator
ALTER VIEW "shop"."order_totals" OWNER TO "app_migrator";
-- view shop.revenue_by_month: owner shop → app_migrator
ALTER VIEW "shop"."revenue_by_month" OWNER TO "app_migrator";
-- view shop.available: owner shop → app_migrator
ALTER VIEW "shop"."available" OWNER TO "app_migrator";
-- view shop.best_sellers: owner shop → app_migrator
ALTER VIEW "shop"."best_sellers" OWNER TO "app_migrator";
-- view shop.customer_orders: owner shop → app_migrator
ALTER VIEW "shop"."customer_orders" OWNER TO "app_migrator";
-- function shop.audit(): owner shop → app_migrator
ALTER ROUTINE "shop"."audit"() OWNER TO "app_migrator";
-- function shop.current_price(wanted integer): owner shop → app_migrator
ALTER ROUTINE "shop"."current_price"(IN wanted integer) OWNER TO "app_migrator";
-- function shop.longer(a text, b text): owner shop → app_migrator
ALTER ROUTINE "shop"."longer"(IN a text, b text) OWNER TO "app_migrator";
-- function shop.loyalty_points(wanted bigint): owner shop → app_migrator
ALTER ROUTINE "shop"."loyalty_points"(IN wanted bigint) OWNER TO "app_migrator";
-- function shop.reserve(wanted integer, many integer): owner shop → app_migrator
ALTER ROUTINE "shop"."reserve"(IN wanted integer, many integer) OWNER TO "app_migrator";
-- function shop.same_sku(a text, b text): owner shop → app_migrator
ALTER ROUTINE "shop"."same_sku"(IN a text, b text) OWNER TO "app_migrator";
-- function shop.settle(wanted bigint, placed date): owner shop → app_migrator
ALTER ROUTINE "shop"."settle"(IN wanted bigint, placed date) OWNER TO "app_migrator";
-- function shop.touch(): owner shop → app_migrator
ALTER ROUTINE "shop"."touch"() OWNER TO "app_migrator";
-- procedure shop.empty_basket(IN wanted bigint): owner shop → app_migrator
ALTER ROUTINE "shop"."empty_basket"(IN wanted bigint) OWNER TO "app_migrator";
-- aggregate shop.longest(text): owner shop → app_migrator
ALTER ROUTINE "shop"."longest"(IN text) OWNER TO "app_migrator";
-- large object 17037: owner shop → app_migrator
ALTER LARGE OBJECT 17037 OWNER TO "app_migrator";
-- large object 17038: owner shop → app_migrator
ALTER LARGE OBJECT 17038 OWNER TO "app_migrator";
-- large object 17039: owner shop → app_migrator
ALTER LARGE OBJECT 17039 OWNER TO "app_migrator";
-- large object 17040: owner shop → app_migrator
ALTER LARGE OBJECT 17040 OWNER TO "app_migrator";
-- large object 17041: owner shop → app_migrator
ALTER LARGE OBJECT 17041 OWNER TO "app_migrator";
-- operator shop.~==(text,text): owner shop → app_migrator
ALTER OPERATOR "shop".~== (text,text) OWNER TO "app_migrator";
-- statistics shop.products_by_origin: owner shop → app_migrator
ALTER STATISTICS "shop"."products_by_origin" OWNER TO "app_migrator";
-- text search configuration shop.product_text: owner shop → app_migrator
ALTER TEXT SEARCH CONFIGURATION "shop"."product_text" OWNER TO "app_migrator";
-- database shop: owner shop → app_migrator
ALTER DATABASE "shop" OWNER TO "app_migrator";
COMMIT;
\endif

\echo done
