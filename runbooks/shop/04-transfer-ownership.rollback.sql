-- Rollback of step transfer-ownership: Move ownership to app_migrator
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
-- Only when the step has run, and only after the rollback of every later step that has run.
-- It takes back the step as planned. What was created since the script was made is not in it; flatsplit rollback finds that too.
--
-- Run it with: psql -X -f 04-transfer-ownership.rollback.sql "service=…"
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
SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'dba' AND rolcanlogin) AS flatsplit_too_early \gset
\if :flatsplit_too_early
DO $$BEGIN RAISE EXCEPTION 'enable-login has run and is not taken back' USING HINT = 'run 05-enable-login.rollback.sql first'; END$$;
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
\echo batch 1 of 1: 69 statements
BEGIN;
SET LOCAL lock_timeout = :'held_lock_timeout';
-- database shop: owner app_migrator → shop
ALTER DATABASE "shop" OWNER TO "shop";
-- large object 17037: owner app_migrator → shop
ALTER LARGE OBJECT 17037 OWNER TO "shop";
-- large object 17038: owner app_migrator → shop
ALTER LARGE OBJECT 17038 OWNER TO "shop";
-- large object 17039: owner app_migrator → shop
ALTER LARGE OBJECT 17039 OWNER TO "shop";
-- large object 17040: owner app_migrator → shop
ALTER LARGE OBJECT 17040 OWNER TO "shop";
-- large object 17041: owner app_migrator → shop
ALTER LARGE OBJECT 17041 OWNER TO "shop";
-- operator shop.~==(text,text): owner app_migrator → shop
ALTER OPERATOR "shop".~== (text,text) OWNER TO "shop";
-- statistics shop.products_by_origin: owner app_migrator → shop
ALTER STATISTICS "shop"."products_by_origin" OWNER TO "shop";
-- text search configuration shop.product_text: owner app_migrator → shop
ALTER TEXT SEARCH CONFIGURATION "shop"."product_text" OWNER TO "shop";
-- aggregate shop.longest(text): owner app_migrator → shop
ALTER ROUTINE "shop"."longest"(IN text) OWNER TO "shop";
-- function shop.audit(): owner app_migrator → shop
ALTER ROUTINE "shop"."audit"() OWNER TO "shop";
-- function shop.current_price(wanted integer): owner app_migrator → shop
ALTER ROUTINE "shop"."current_price"(IN wanted integer) OWNER TO "shop";
-- function shop.longer(a text, b text): owner app_migrator → shop
ALTER ROUTINE "shop"."longer"(IN a text, b text) OWNER TO "shop";
-- function shop.loyalty_points(wanted bigint): owner app_migrator → shop
ALTER ROUTINE "shop"."loyalty_points"(IN wanted bigint) OWNER TO "shop";
-- function shop.reserve(wanted integer, many integer): owner app_migrator → shop
ALTER ROUTINE "shop"."reserve"(IN wanted integer, many integer) OWNER TO "shop";
-- function shop.same_sku(a text, b text): owner app_migrator → shop
ALTER ROUTINE "shop"."same_sku"(IN a text, b text) OWNER TO "shop";
-- function shop.settle(wanted bigint, placed date): owner app_migrator → shop
ALTER ROUTINE "shop"."settle"(IN wanted bigint, placed date) OWNER TO "shop";
-- function shop.touch(): owner app_migrator → shop
ALTER ROUTINE "shop"."touch"() OWNER TO "shop";
-- procedure shop.empty_basket(IN wanted bigint): owner app_migrator → shop
ALTER ROUTINE "shop"."empty_basket"(IN wanted bigint) OWNER TO "shop";
-- view shop.available: owner app_migrator → shop
ALTER VIEW "shop"."available" OWNER TO "shop";
-- view shop.best_sellers: owner app_migrator → shop
ALTER VIEW "shop"."best_sellers" OWNER TO "shop";
-- view shop.customer_orders: owner app_migrator → shop
ALTER VIEW "shop"."customer_orders" OWNER TO "shop";
-- materialized view shop.sales: owner app_migrator → shop
ALTER MATERIALIZED VIEW "shop"."sales" OWNER TO "shop";
-- view public.rates: owner app_migrator → shop
ALTER VIEW "public"."rates" OWNER TO "shop";
-- view shop.catalogue: owner app_migrator → shop
ALTER VIEW "shop"."catalogue" OWNER TO "shop";
-- view shop.open_orders: owner app_migrator → shop
ALTER VIEW "shop"."open_orders" OWNER TO "shop";
-- view shop.order_totals: owner app_migrator → shop
ALTER VIEW "shop"."order_totals" OWNER TO "shop";
-- view shop.revenue_by_month: owner app_migrator → shop
ALTER VIEW "shop"."revenue_by_month" OWNER TO "shop";
-- partitioned table shop.orders: owner app_migrator → shop
ALTER TABLE "shop"."orders" OWNER TO "shop";
-- sequence shop.document_number: owner app_migrator → shop
ALTER SEQUENCE "shop"."document_number" OWNER TO "shop";
-- sequence shop.invoice_number: owner app_migrator → shop
ALTER SEQUENCE "shop"."invoice_number" OWNER TO "shop";
-- table public.countries: owner app_migrator → shop
ALTER TABLE "public"."countries" OWNER TO "shop";
-- table public.currencies: owner app_migrator → shop
ALTER TABLE "public"."currencies" OWNER TO "shop";
-- table public.exchange_rates: owner app_migrator → shop
ALTER TABLE "public"."exchange_rates" OWNER TO "shop";
-- table public.feature_flags: owner app_migrator → shop
ALTER TABLE "public"."feature_flags" OWNER TO "shop";
-- table public.schema_migrations: owner app_migrator → shop
ALTER TABLE "public"."schema_migrations" OWNER TO "shop";
-- table shop.audit_log: owner app_migrator → shop
ALTER TABLE "shop"."audit_log" OWNER TO "shop";
-- table shop.baskets: owner app_migrator → shop
ALTER TABLE "shop"."baskets" OWNER TO "shop";
-- table shop.categories: owner app_migrator → shop
ALTER TABLE "shop"."categories" OWNER TO "shop";
-- table shop.coupons: owner app_migrator → shop
ALTER TABLE "shop"."coupons" OWNER TO "shop";
-- table shop.customers: owner app_migrator → shop
ALTER TABLE "shop"."customers" OWNER TO "shop";
-- table shop.data_sheets: owner app_migrator → shop
ALTER TABLE "shop"."data_sheets" OWNER TO "shop";
-- table shop.order_items: owner app_migrator → shop
ALTER TABLE "shop"."order_items" OWNER TO "shop";
-- table shop.orders_2026_01: owner app_migrator → shop
ALTER TABLE "shop"."orders_2026_01" OWNER TO "shop";
-- table shop.orders_2026_02: owner app_migrator → shop
ALTER TABLE "shop"."orders_2026_02" OWNER TO "shop";
-- table shop.orders_2026_03: owner app_migrator → shop
ALTER TABLE "shop"."orders_2026_03" OWNER TO "shop";
-- table shop.orders_2026_04: owner app_migrator → shop
ALTER TABLE "shop"."orders_2026_04" OWNER TO "shop";
-- table shop.orders_2026_05: owner app_migrator → shop
ALTER TABLE "shop"."orders_2026_05" OWNER TO "shop";
-- table shop.orders_2026_06: owner app_migrator → shop
ALTER TABLE "shop"."orders_2026_06" OWNER TO "shop";
-- table shop.orders_other: owner app_migrator → shop
ALTER TABLE "shop"."orders_other" OWNER TO "shop";
-- table shop.payments: owner app_migrator → shop
ALTER TABLE "shop"."payments" OWNER TO "shop";
-- table shop.products: owner app_migrator → shop
ALTER TABLE "shop"."products" OWNER TO "shop";
-- table shop.reviews: owner app_migrator → shop
ALTER TABLE "shop"."reviews" OWNER TO "shop";
-- table shop.shipments: owner app_migrator → shop
ALTER TABLE "shop"."shipments" OWNER TO "shop";
-- table shop.stock: owner app_migrator → shop
ALTER TABLE "shop"."stock" OWNER TO "shop";
-- table shop.suppliers: owner app_migrator → shop
ALTER TABLE "shop"."suppliers" OWNER TO "shop";
-- table shop.tenants: owner app_migrator → shop
ALTER TABLE "shop"."tenants" OWNER TO "shop";
-- table shop.tickets: owner app_migrator → shop
ALTER TABLE "shop"."tickets" OWNER TO "shop";
-- table shop.warehouses: owner app_migrator → shop
ALTER TABLE "shop"."warehouses" OWNER TO "shop";
-- collation shop.by_byte: owner app_migrator → shop
ALTER COLLATION "shop"."by_byte" OWNER TO "shop";
-- domain shop.amount: owner app_migrator → shop
ALTER DOMAIN "shop"."amount" OWNER TO "shop";
-- domain shop.email: owner app_migrator → shop
ALTER DOMAIN "shop"."email" OWNER TO "shop";
-- type shop.address: owner app_migrator → shop
ALTER TYPE "shop"."address" OWNER TO "shop";
-- type shop.order_state: owner app_migrator → shop
ALTER TYPE "shop"."order_state" OWNER TO "shop";
-- type shop.payment_kind: owner app_migrator → shop
ALTER TYPE "shop"."payment_kind" OWNER TO "shop";
-- type shop.price_band: owner app_migrator → shop
ALTER TYPE "shop"."price_band" OWNER TO "shop";
-- schema shop: owner app_migrator → shop
ALTER SCHEMA "shop" OWNER TO "shop";
-- shop is no longer a member of app_migrator
REVOKE "app_migrator" FROM "shop" GRANTED BY "postgres";
-- grant CONNECT on database shop to app_migrator
GRANT CONNECT ON DATABASE "shop" TO "app_migrator";
COMMIT;
\endif

\echo done
