-- Run as shop. One partition a month: ALTER TABLE … OWNER on the parent would leave every one of them behind.
CREATE TABLE orders (
    id bigserial,
    placed_on date NOT NULL,
    customer_id bigint NOT NULL REFERENCES customers,
    state order_state NOT NULL DEFAULT 'placed',
    coupon text REFERENCES coupons,
    PRIMARY KEY (id, placed_on)
) PARTITION BY RANGE (placed_on);
CREATE TABLE orders_2026_01 PARTITION OF orders FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE orders_2026_02 PARTITION OF orders FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE orders_2026_03 PARTITION OF orders FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
CREATE TABLE orders_2026_04 PARTITION OF orders FOR VALUES FROM ('2026-04-01') TO ('2026-05-01');
CREATE TABLE orders_2026_05 PARTITION OF orders FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');
CREATE TABLE orders_2026_06 PARTITION OF orders FOR VALUES FROM ('2026-06-01') TO ('2026-07-01');
CREATE TABLE orders_other PARTITION OF orders DEFAULT;
CREATE INDEX ON orders (customer_id);

CREATE TABLE order_items (
    order_id bigint NOT NULL,
    placed_on date NOT NULL,
    line int NOT NULL,
    product_id int NOT NULL REFERENCES products,
    quantity int NOT NULL CHECK (quantity > 0),
    price amount NOT NULL,
    PRIMARY KEY (order_id, placed_on, line),
    FOREIGN KEY (order_id, placed_on) REFERENCES orders
);
CREATE TABLE payments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL,
    placed_on date NOT NULL,
    kind payment_kind NOT NULL,
    paid amount NOT NULL,
    invoice bigint NOT NULL DEFAULT nextval('invoice_number'),
    FOREIGN KEY (order_id, placed_on) REFERENCES orders
);
CREATE TABLE shipments (
    id bigserial PRIMARY KEY,
    payment_id bigint NOT NULL REFERENCES payments,
    warehouse_id int NOT NULL REFERENCES warehouses,
    number bigint NOT NULL DEFAULT nextval('document_number')
);
