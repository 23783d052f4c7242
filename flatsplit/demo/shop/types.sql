-- Run as shop. The schema carries the role's name, so the application never writes it: "$user" in search_path finds it.
CREATE SCHEMA shop;

CREATE TYPE order_state AS ENUM ('placed', 'paid', 'shipped', 'cancelled');
CREATE TYPE payment_kind AS ENUM ('card', 'transfer', 'voucher');
CREATE TYPE address AS (street text, postcode text, city text, country char(2));
CREATE TYPE price_band AS RANGE (subtype = numeric);

CREATE DOMAIN email AS text CHECK (VALUE ~ '^[^@ ]+@[^@ ]+$');
CREATE DOMAIN amount AS numeric(12, 2) CHECK (VALUE >= 0);

-- Numbers that must have no owner column, because two tables use them.
CREATE SEQUENCE document_number START 1000;
CREATE SEQUENCE invoice_number START 500000;

CREATE COLLATION by_byte FROM "C";
CREATE TEXT SEARCH CONFIGURATION product_text (COPY = pg_catalog.english);
