"""A database with statements that go wrong, in every way we know, for a role that does not own the objects."""

from __future__ import annotations

from typing import NamedTuple

SCHEMA = """
create table public.orders (id bigserial primary key, customer text not null, total numeric, placed date);
create table public.lines (id bigint generated always as identity primary key,
                           order_id bigint references public.orders on delete cascade, what text);
create table public.sessions (id uuid primary key default gen_random_uuid(), data text);
create table public.side_effects (what text);
create materialized view public.totals as select customer, sum(total) as total from public.orders group by customer;
create sequence public.ticket;
create sequence public.hidden;

create function public.secret_price(int) returns numeric language sql as 'select 1::numeric';
revoke execute on function public.secret_price(int) from public;

-- Rows go to a partition per month, made when the first one comes
create table public.event (id bigint, at date not null, what text) partition by range (at);
create table public.event_default partition of public.event default;
create table public.incoming (id bigint, at date, what text);
create function public.make_partition() returns trigger language plpgsql as $$
declare
    name text := 'event_' || to_char(new.at, 'YYYYMM');
begin
    if to_regclass('public.' || name) is null then
        execute format('create table public.%I partition of public.event for values from (%L) to (%L)',
                       name, date_trunc('month', new.at), date_trunc('month', new.at) + interval '1 month');
    end if;
    return new;
end $$;
create trigger make_partition before insert on public.incoming for each row execute function public.make_partition();

-- A trigger that writes a log, in the name of whoever writes
create table public.audit (at timestamptz, who text, what text);
create function public.log_it() returns trigger language plpgsql as $$
begin
    insert into public.audit values (now(), current_user, tg_op);
    return null;
end $$;
create trigger log_it after insert or update on public.sessions for each row execute function public.log_it();

-- One that empties something: only on delete
create function public.forget_it() returns trigger language plpgsql as $$
begin
    truncate public.side_effects;
    return null;
end $$;
create trigger forget_it after delete on public.sessions for each statement execute function public.forget_it();

-- The same in the owner's name
create function public.forget_safely() returns void language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$ begin truncate public.side_effects; end $$;
create function public.forget() returns void language plpgsql as $$ begin truncate public.side_effects; end $$;
create function public.lookup(name text) returns setof record language plpgsql as $$
begin
    return query
        execute 'select * from ' || quote_ident(name);
end $$;
create function public.count_orders() returns bigint language sql as 'select count(*) from public.orders';

create function public.price_with_tax(numeric) returns numeric language plpgsql as $$
begin
    return public.secret_price(1) * $1;
end $$;

-- Hidden calls: a check that needs a routine that is not for everybody
create function public.is_fine(text) returns boolean language sql immutable as 'select true';
revoke execute on function public.is_fine(text) from public;
create table public.checked (what text check (public.is_fine(what)));

create view public.order_view as select id, customer from public.orders;
create procedure public.clean_up() language plpgsql as $$ begin refresh materialized view public.totals; end $$;
select lo_create(424242);

-- Out of scope: nobody grants anything here
create schema outside;
grant usage on schema outside to public;
create function outside.helper() returns int language sql as 'select 1';
revoke execute on function outside.helper() from public;
create function public.helped() returns int language plpgsql as $$
declare
    it int;
begin
    select outside.helper() into strict it;
    return it;
end $$;
"""

VENDOR = """
create role vendor;
create role readers;
create schema vendor authorization vendor;
set role vendor;
create table vendor.price (code text, amount numeric, margin numeric, cost numeric);
create table vendor.log (what text);
select lo_create(434343);
grant select, update on large object 434343 to readers;
select lo_create(454545);
grant update on large object 454545 to readers;
reset role;
grant usage on schema vendor to {legacy};
grant select (code, amount) on vendor.price to {legacy};
grant readers to {legacy};
grant select (margin) on vendor.price to readers;
"""
"""As a superuser: a table of which legacy may read some columns itself, one as a member of a group, and one never."""


class Trap(NamedTuple):
    """A statement, and its expected result."""

    statement: str
    verdict: str
    object: str | None = None
    privilege: str | None = None
    sqlstate: str = ""
    """What the server says to app_user, "" for success; checked where the statement has no parameters."""
    since: int = 13
    until: int = 99


TRAPS = (
    # What works
    Trap("BEGIN", "allowed"),
    Trap("COMMIT", "allowed"),
    Trap("SELECT * FROM orders WHERE id = 1", "allowed"),
    Trap("INSERT INTO orders (customer, total) VALUES ('a', 1) RETURNING id", "allowed"),
    Trap("INSERT INTO lines (order_id, what) SELECT id, 'x' FROM orders", "allowed"),
    Trap("UPDATE orders SET total = total + 1", "allowed"),
    Trap("DELETE FROM orders WHERE false", "allowed"),
    Trap("INSERT INTO order_view (customer) VALUES ('b')", "allowed"),
    Trap("SELECT count(*) FROM order_view", "allowed"),
    Trap("INSERT INTO sessions (data) VALUES ('x') ON CONFLICT (id) DO UPDATE SET data = excluded.data", "allowed"),
    Trap("SELECT forget_safely()", "allowed"),
    Trap("SELECT count_orders()", "allowed"),
    Trap("SELECT nextval('ticket')", "allowed"),
    Trap("SELECT pg_advisory_lock(7)", "allowed"),
    Trap("SELECT pg_try_advisory_xact_lock(7, 8)", "allowed"),
    Trap("LISTEN orders", "allowed"),
    Trap("NOTIFY orders, 'x'", "allowed"),
    Trap("UNLISTEN *", "allowed"),
    Trap("SELECT pg_notify('orders', 'x')", "allowed"),
    Trap("SHOW search_path", "allowed"),
    Trap("SET statement_timeout = '5s'", "allowed"),
    Trap("CREATE TEMP TABLE scratch (a int)", "allowed"),
    Trap("INSERT INTO scratch VALUES (1)", "allowed"),
    Trap("TRUNCATE scratch", "allowed"),
    Trap("DROP TABLE scratch", "allowed"),
    Trap("COPY orders (customer, total) TO STDOUT", "allowed"),
    Trap("SELECT * FROM orders FOR UPDATE", "allowed"),
    Trap("WITH orders AS (SELECT 1 AS x) SELECT x FROM orders", "allowed"),
    Trap("LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE", "allowed"),
    Trap("SELECT lo_create(0)", "allowed"),
    Trap("SELECT lo_get(424242)", "allowed"),
    Trap("SELECT lo_put(424242, 0, '\\x00')", "allowed"),
    Trap("SELECT lo_put(434343, 0, '\\x00')", "allowed"),  # a third role's, by way of a group
    Trap("SELECT lo_put(454545, 0, '\\x00')", "denied", "large object 454545", "SELECT", "42501"),
    Trap("SELECT lo_unlink(434343)", "denied", "large object 434343", "ownership", "42501"),
    Trap("DROP TABLE IF EXISTS never_was", "allowed"),
    Trap("DROP INDEX IF EXISTS never_was", "allowed"),
    Trap("ALTER TABLE IF EXISTS never_was ADD a int", "allowed"),
    Trap("ALTER TABLE IF EXISTS never_was RENAME TO is_not", "allowed"),
    Trap("ALTER INDEX IF EXISTS never_was RENAME TO is_not", "allowed"),
    Trap("DROP TRIGGER IF EXISTS never_was ON orders", "allowed"),
    Trap("DROP TRIGGER IF EXISTS log_it ON never_was", "allowed"),
    Trap("DROP POLICY IF EXISTS never_was ON orders", "allowed"),
    Trap("DROP FUNCTION IF EXISTS never_was(int), public.never_was_either", "allowed"),
    Trap("DROP TYPE IF EXISTS never_was", "allowed"),
    Trap("DROP DOMAIN IF EXISTS public.never_was", "allowed"),
    Trap("DROP SCHEMA IF EXISTS never_was CASCADE", "allowed"),
    Trap("DROP EXTENSION IF EXISTS never_was", "allowed"),
    Trap("CREATE EXTENSION IF NOT EXISTS plpgsql", "allowed"),
    Trap("SELECT code FROM vendor.price", "allowed"),
    Trap("SELECT amount, margin FROM vendor.price", "allowed"),
    # What does not
    Trap("TRUNCATE sessions", "denied", "public.sessions", "TRUNCATE", "42501"),
    Trap("TRUNCATE orders CASCADE", "denied", "public.orders", "TRUNCATE", "42501"),
    Trap("REFRESH MATERIALIZED VIEW totals", "denied", "public.totals", "OWNERSHIP", "42501", until=16),
    Trap("REFRESH MATERIALIZED VIEW totals", "denied", "public.totals", "MAINTAIN", "42501", since=17),
    Trap("CALL clean_up()", "denied", "public.totals", None, "42501"),
    Trap("SELECT setval('orders_id_seq', 10)", "denied", "public.orders_id_seq", "UPDATE", "42501"),
    Trap(
        "SELECT setval(pg_get_serial_sequence('orders', 'id'), 10)", "denied", "public.orders_id_seq", "UPDATE", "42501"
    ),
    Trap("SELECT setval($1, $2)", "denied", None, "UPDATE"),
    Trap("INSERT INTO incoming VALUES (1, '2030-01-01', 'x')", "denied", "schema public", "CREATE", "42501"),
    Trap("DELETE FROM sessions", "denied", "public.side_effects", "TRUNCATE", "42501"),
    Trap("SELECT forget()", "denied", "public.side_effects", "TRUNCATE", "42501"),
    Trap("SELECT cost FROM vendor.price", "denied", "vendor.price", "SELECT", "42501"),
    Trap("SELECT * FROM vendor.price", "denied", "vendor.price", "SELECT", "42501"),
    Trap("SELECT lo_unlink(424242)", "denied", "large object 424242", "ownership", "42501"),
    Trap("LOCK TABLE vendor.price IN EXCLUSIVE MODE", "denied", "vendor.price", "UPDATE", "42501"),
    Trap("SET ROLE legacy", "denied", "legacy", "MEMBERSHIP", "42501"),
    Trap("COPY orders TO '/tmp/nowhere'", "denied", "pg_write_server_files", "MEMBERSHIP", "42501"),
    Trap("COPY orders FROM PROGRAM 'true'", "denied", "pg_execute_server_program", "MEMBERSHIP", "42501"),
    Trap("SELECT * FROM pg_authid", "denied", "pg_catalog.pg_authid", "SELECT", "42501"),
    Trap("SELECT pg_read_file('x')", "denied", "pg_catalog.pg_read_file", "EXECUTE", "42501"),
    Trap("SELECT outside.helper()", "denied", "outside.helper()", "EXECUTE", "42501"),
    Trap("SELECT helped()", "denied", "outside.helper()", "EXECUTE", "42501"),
    # What only warns
    Trap("VACUUM orders", "silent", "public.orders"),
    Trap("ANALYZE orders", "silent", "public.orders"),
    # The migration tool's
    Trap("CREATE TABLE more (a int)", "migrator", "schema public", "CREATE", "42501"),
    Trap("CREATE TABLE IF NOT EXISTS orders (a int)", "migrator", "schema public", "CREATE", "42501"),
    Trap("ALTER TABLE orders ADD note text", "migrator", "public.orders", "OWNERSHIP", "42501"),
    Trap("ALTER TABLE orders DISABLE TRIGGER ALL", "denied", "public.orders", "SUPERUSER", "42501"),
    Trap("CREATE INDEX ON orders (customer)", "migrator", "public.orders", "OWNERSHIP", "42501"),
    Trap("ALTER TABLE IF EXISTS orders RENAME TO orders_old", "migrator", None, "OWNERSHIP", "42501"),
    Trap("ALTER INDEX IF EXISTS orders_pkey RENAME TO is_not", "migrator", None, "OWNERSHIP", "42501"),
    Trap("DROP INDEX IF EXISTS orders_pkey", "migrator", None, "OWNERSHIP", "42501"),
    Trap("DROP INDEX IF EXISTS never_was, public.orders_pkey", "migrator", None, "OWNERSHIP", "42501"),
    Trap("DROP TRIGGER IF EXISTS log_it ON sessions", "migrator", None, "OWNERSHIP", "42501"),
    Trap("DROP FUNCTION IF EXISTS forget()", "migrator", None, "OWNERSHIP", "42501"),
    Trap("DROP SCHEMA IF EXISTS outside CASCADE", "migrator", None, "OWNERSHIP", "42501"),
    Trap("DROP TABLE orders", "migrator", "public.orders", "OWNERSHIP", "42501"),
    Trap("SELECT * INTO copied FROM orders", "migrator", "schema public", "CREATE", "42501"),
    Trap("COMMENT ON TABLE orders IS 'x'", "migrator", None, "OWNERSHIP", "42501"),
    Trap("CREATE ROLE x", "denied", None, "CREATEROLE", "42501"),
    Trap("SELECT * FROM lookup('orders') AS l (a int)", "allowed", sqlstate="42804"),  # allowed, and another row
    # What nobody can tell
    Trap("SELECT * FROM lookup($1) AS l (a int)", "unknown"),
    Trap("SELECT * FROM was_dropped", "unknown"),
    Trap("this is no statement", "unknown"),
    # Parameters without types
    Trap("SELECT now() - interval $1, $2 + $3, extract($4 from now()) FROM orders", "allowed"),
    Trap("SELECT date_trunc($1, placed), count(*) FROM orders GROUP BY date_trunc($2, placed)", "allowed"),
    Trap("SELECT secret_price($1)", "allowed"),
    Trap("SELECT price_with_tax($1)", "allowed"),
    Trap("INSERT INTO checked VALUES ('x')", "allowed"),
    # Nested deeply
    Trap(f"SELECT {' || '.join(['customer'] * 1500)} FROM orders", "allowed"),
    Trap(
        f"SELECT {'(' * 300}cost{')' * 300} || {' || '.join(['code'] * 200)} FROM vendor.price",
        "denied",
        "vendor.price",
        "SELECT",
        "42501",
    ),
    Trap(" UNION ALL ".join(["SELECT id FROM orders"] * 200), "allowed"),
)


def traps(major: int) -> list[Trap]:
    """Those of a server."""
    return [trap for trap in TRAPS if trap.since <= major <= trap.until]
