"""Multi-tenant databases to test on: every kind of table, and a flat role that owns all of it."""

from __future__ import annotations

SHOP = """
create table accounts (id bigint primary key, name text not null);
create table plans (id int primary key, name text);
create table users (id bigserial primary key, email text unique);
create table customers (
    id bigserial primary key, account_id bigint not null references accounts, name text not null, vip boolean);
create index on customers (account_id);
create table orders (
    id bigserial primary key, account_id bigint not null references accounts,
    customer_id bigint not null references customers, total numeric);
create index on orders (account_id);
create table lines (id bigserial primary key, order_id bigint not null references orders, what text);
create index on lines (order_id);
create table notes (id bigserial primary key, line_id bigint references lines, body text);
create table categories (account_id bigint not null, id int, up int, name text, primary key (account_id, id),
    foreign key (account_id, up) references categories);
create table events (account_id bigint not null, at date not null, body text) partition by range (at);
create table events_old partition of events for values from ('2000-01-01') to ('2020-01-01');
create table events_new partition of events for values from ('2020-01-01') to ('2040-01-01');
create index on events (account_id);
create table drafts (id int primary key, account_id bigint, body text);
create view open_orders as select * from orders where total is null;
"""
"""The tables, as their owner creates them."""

ROWS = """
insert into accounts select k, 'account ' || k from generate_series(1, 3) as k;
insert into plans values (1, 'free'), (2, 'paid');
insert into users (email) select 'u' || n from generate_series(1, 5) as n;
insert into customers (account_id, name) select 1 + n % 3, 'c' || n from generate_series(1, 30) as n;
insert into orders (account_id, customer_id, total) select account_id, id, id from customers;
insert into lines (order_id, what) select id, 'l' from orders, generate_series(1, 2);
insert into notes (line_id, body) select nullif(id, 7), 'n' from lines;
insert into categories select a.id, n, nullif(n - 1, 0), 'k' from accounts a, generate_series(1, 3) as n;
insert into events select 1 + n % 3, date '2019-12-25' + n, 'e' from generate_series(1, 12) as n;
insert into drafts select n, nullif(n % 4, 0), 'd' from generate_series(1, 8) as n;
"""
