-- Run as shop.
INSERT INTO public.countries VALUES ('AT', 'Austria'), ('DE', 'Germany'), ('FR', 'France'), ('PT', 'Portugal');
INSERT INTO public.currencies VALUES ('CHF', 'Swiss franc'), ('GBP', 'Pound sterling'), ('USD', 'US dollar');
INSERT INTO public.exchange_rates (currency, rate) VALUES ('CHF', 0.96), ('GBP', 0.85), ('USD', 1.08);
INSERT INTO public.feature_flags VALUES ('vouchers', true), ('dark_mode', false);
INSERT INTO public.schema_migrations (version) VALUES (1), (2), (3);

INSERT INTO tenants (name) VALUES ('north'), ('south'), ('online');
INSERT INTO categories (parent_id, name) VALUES (NULL, 'everything'), (1, 'kitchen'), (1, 'garden'), (3, 'tools');
INSERT INTO suppliers (name, country) VALUES ('Huber', 'AT'), ('Lopes', 'PT'), ('Martin', 'FR');
INSERT INTO warehouses (name) VALUES ('main'), ('overflow');
INSERT INTO coupons VALUES ('SPRING', 10), ('SORRY', 25);
INSERT INTO products (category_id, supplier_id, sku, name, price)
    SELECT n % 4 + 1, n % 3 + 1, format('SKU-%s', to_char(n, 'FM000')),
           (ARRAY['kettle', 'spade', 'bowl', 'lamp', 'hose'])[n % 5 + 1] || ' ' || n, 5 + n
    FROM generate_series(1, 40) n;
INSERT INTO stock SELECT id, w, 100000 FROM products, generate_series(1, 2) w;
INSERT INTO customers (tenant_id, email, home)
    SELECT n % 3 + 1, format('customer%s@example.com', n), ROW('Main Street ' || n, '10115', 'Berlin', 'DE')::address
    FROM generate_series(1, 60) n;
INSERT INTO tickets (tenant_id, customer_id, subject)
    SELECT tenant_id, id, 'Where is my parcel?' FROM customers WHERE id % 4 = 0;
INSERT INTO reviews (product_id, customer_id, stars) SELECT id % 40 + 1, id, id % 5 + 1 FROM customers;
INSERT INTO orders (placed_on, customer_id) SELECT date '2026-01-05' + (id * 3)::int, id FROM customers;
INSERT INTO order_items
    SELECT o.id, o.placed_on, 1, p.id, 2, p.price FROM orders o JOIN products p ON p.id = o.customer_id % 40 + 1;
INSERT INTO payments (order_id, placed_on, kind, paid)
    SELECT order_id, placed_on, 'card', total FROM order_totals WHERE order_id % 2 = 0;
INSERT INTO shipments (payment_id, warehouse_id) SELECT id, 1 FROM payments;
INSERT INTO data_sheets (product_id, sheet)
    SELECT id, lo_from_bytea(0, convert_to('Keep dry. ' || name, 'UTF8')) FROM products WHERE id <= 5;
REFRESH MATERIALIZED VIEW sales;
ANALYZE customers, products, orders, order_items, stock;
