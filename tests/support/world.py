"""The trap world: a flat database with every difficult thing in it, small enough for a cutover in seconds.

One application role (``legacy``) owns one of everything that a role can own, next to roles that have nothing to do
with it and must not notice: a vendor whose tables it reads, a team it belongs to, a person who acts as it, a reporting
role it grants things to, and a newcomer who got rights passed on by the others.

:func:`trap_world` builds it part by part; a part can be left out by name, so that a failing test can be narrowed
down. :data:`APPLICATION` is what the application does in it all day.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

SECRET = "s3cret-of-the-partner"
"""The password in a user mapping, and a key in settings of the role: it must not appear anywhere else."""


@dataclass(frozen=True)
class Cast:
    """The roles of the world, by their part in it."""

    legacy: str = "legacy"
    vendor: str = "vendor"
    """Owns a schema of its own, and one table in public."""
    team: str = "team"
    """A group that legacy belongs to."""
    person: str = "person"
    """A member of legacy: somebody who acts as it."""
    reporting: str = "reporting"
    """Reads what legacy makes, by grants and by legacy's default privileges."""
    newcomer: str = "newcomer"
    """Holds rights that legacy or reporting passed on."""

    @property
    def others(self) -> tuple[str, ...]:
        """All roles but legacy."""
        return (self.vendor, self.team, self.person, self.reporting, self.newcomer)


@dataclass(frozen=True)
class Part:
    """A piece of the world: who makes it, by which statements, from and up to which major version."""

    name: str
    actor: str
    """A field of :class:`Cast`, or ``superuser``."""
    statements: str
    since: int = 13
    until: int = 99
    condition: str = ""
    """The kind of old role that alone may have it."""


_PARTS = (
    # -- roles, and what is not an object
    Part(
        "roles",
        "superuser",
        """
        create role {vendor} login;
        create role {team} nologin;
        create role {person} login;
        create role {reporting} login;
        create role {newcomer} login;
        grant {team} to {legacy};
        grant {legacy} to {person};
        grant pg_read_all_settings to {legacy};
        """,
    ),
    Part(
        "role_settings",
        "superuser",
        """
        alter role {legacy} set search_path = "$user", public, shop;
        alter role {legacy} set idle_in_transaction_session_timeout = '10min';
        alter role {legacy} in database {database} set statement_timeout = '55s';
        alter role {legacy} in database {database} set application_name = 'it''s 100% shop';
        alter role {legacy} connection limit 50 valid until '2099-12-31 23:59:59+00';
        alter role {reporting} in database {database} set work_mem = '32MB';
        """,
    ),
    Part(
        "secret_settings",
        "superuser",
        """
        alter role {legacy} in database {database} set shop.api_token = {secret};
        alter role {legacy} set "Shop"."Signing_KEY" = {secret};
        """,
    ),
    Part(
        "database",
        "superuser",
        """
        alter database {database} owner to {legacy};
        revoke connect on database {database} from public;
        grant connect on database {database} to {vendor}, {person}, {reporting}, {newcomer};
        grant create on database {database} to {vendor};
        """,
    ),
    Part(
        "parameter",
        "superuser",
        """
        grant set on parameter log_min_duration_statement to {legacy};
        """,
        since=15,
    ),
    # -- what the vendor has, and legacy reads
    Part(
        "vendor",
        "vendor",
        """
        create schema vendor;
        create table vendor.price (code text primary key, amount numeric not null);
        insert into vendor.price values ('tea', 3), ('rum', 20);
        create table vendor.stock (code text primary key, pieces int not null);
        insert into vendor.stock values ('tea', 12), ('rum', 1);
        create table vendor.secret (code text primary key, margin numeric, note text);
        insert into vendor.secret values ('tea', 0.5, 'hush');
        create table vendor.rate (code text primary key, rate numeric);
        create function vendor.tax(numeric) returns numeric language sql immutable as 'select $1 * 0.19';
        revoke execute on function vendor.tax(numeric) from public;
        create sequence vendor.ticket;
        grant usage on schema vendor to {legacy}, {team}, {newcomer};
        grant select, references on vendor.price to {legacy} with grant option;
        grant select on vendor.stock to {team};
        grant select (code, margin), update (note) on vendor.secret to {legacy};
        grant select, insert on vendor.rate to {legacy};
        grant execute on function vendor.tax(numeric) to {legacy};
        grant usage on sequence vendor.ticket to {legacy};
        """,
    ),
    Part(
        "public_create",
        "superuser",
        """
        grant create, usage on schema public to public;
        """,
    ),
    Part(
        "public_vendor",
        "vendor",
        """
        create table public.vendor_note (id int primary key, note text);
        grant select on public.vendor_note to {legacy};
        """,
    ),
    # -- defaults come before the objects, so that these are born with grants
    Part(
        "default_privileges",
        "legacy",
        """
        create schema shop;
        create schema {legacy};
        grant usage on schema shop to {reporting}, {newcomer};
        alter default privileges grant select on tables to {reporting};
        alter default privileges revoke execute on functions from public;
        alter default privileges in schema shop grant execute on functions to {reporting};
        alter default privileges in schema shop grant usage on sequences to {reporting} with grant option;
        alter default privileges revoke usage on types from public;
        """,
    ),
    # -- what legacy owns
    Part(
        "tables",
        "legacy",
        """
        create table {legacy}.preference (name text primary key, value text);
        insert into {legacy}.preference values ('currency', 'EUR');
        create type shop.mood as enum ('sad', 'glad');
        create domain shop.email as text check (value like '%@%');
        create type shop.address as (street text, town text);
        create type shop.span as range (subtype = int4);
        create table shop.customer (
            id bigint generated always as identity primary key, mail shop.email, mood shop.mood default 'glad',
            address shop.address, created_by text default current_user);
        create table shop.product (id serial primary key, name text not null, price numeric check (price >= 0));
        create table shop.orders (
            id bigserial primary key, customer bigint not null references shop.customer,
            placed timestamptz default now());
        create table shop.line (
            orders bigint references shop.orders on delete cascade, product int references shop.product, pieces int,
            primary key (orders, product));
        create unlogged table shop.basket (id int generated by default as identity, content jsonb);
        create table shop.parcel (weight numeric) inherits (shop.product);
        create table public.note (id serial primary key, body text);
        create index note_body on public.note (body);
        insert into shop.customer (mail) values ('a@example.org'), ('b@example.org');
        insert into shop.product (name, price) values ('tea', 3), ('rum', 20);
        insert into shop.orders (customer) values (1), (2);
        insert into shop.line values (1, 1, 2), (1, 2, 1), (2, 1, 5);
        insert into public.note (body) values ('hello');
        create table shop."Mixed ""Case"" % :name" ("a%b" int, "c:d" text);
        """,
    ),
    Part(
        "partitions",
        "legacy",
        """
        create table shop.reading (at date not null, sensor int not null, value numeric) partition by range (at);
        create table shop.reading_2024 partition of shop.reading for values from ('2024-01-01') to ('2025-01-01');
        create table shop.reading_2025 partition of shop.reading for values from ('2025-01-01') to ('2026-01-01')
            partition by list (sensor);
        create table shop.reading_2025_1 partition of shop.reading_2025 for values in (1);
        create table shop.reading_2025_x partition of shop.reading_2025 default;
        create table shop.reading_rest partition of shop.reading default;
        insert into shop.reading
            values ('2024-05-05', 1, 1), ('2025-05-05', 1, 2), ('2025-06-06', 7, 3), ('2030-01-01', 1, 4);
        """,
    ),
    Part(
        "views",
        "legacy",
        """
        create view shop.revenue as
            select o.customer, sum(l.pieces * p.price) as total
            from shop.orders o join shop.line l on l.orders = o.id join shop.product p on p.id = l.product group by 1;
        create view shop.good_customer with (security_barrier) as select * from shop.revenue where total > 10;
        create view shop.cheap as select * from shop.product where price < 10 with check option;
        create materialized view shop.bestseller as select product, sum(pieces) as pieces from shop.line group by 1;
        create unique index on shop.bestseller (product);
        create rule log_note as on insert to public.note do also insert into shop.basket (content) values ('{{}}');
        """,
    ),
    Part(
        "sequences",
        "legacy",
        """
        create sequence shop.invoice_number start 1000;
        create sequence shop.loose owned by none;
        """,
    ),
    Part(
        "routines",
        "legacy",
        """
        create function shop.total(bigint) returns numeric language sql stable as
            'select total from shop.revenue where customer = $1';
        create function shop.total(bigint, boolean) returns numeric language sql stable as 'select shop.total($1)';
        create function shop.who() returns text language sql stable as 'select current_user::text';
        create procedure shop.tidy(days int default 7) language plpgsql as
            'begin delete from shop.basket where id < 0; end';
        create function shop.touch() returns trigger language plpgsql as
            'begin new.placed := coalesce(new.placed, now()); return new; end';
        create trigger touch before insert on shop.orders for each row execute function shop.touch();
        create function shop.add(a numeric, b numeric) returns numeric language sql immutable as 'select a + b';
        create aggregate shop.sum_of(numeric) (sfunc = shop.add, stype = numeric, initcond = '0');
        create function shop."odd ""name"" %"("x y" text[], variadic more int[]) returns int language sql as 'select 1';
        create function shop.for_reporting() returns int language sql as 'select 42';
        grant execute on function shop.for_reporting() to {reporting};
        grant execute on function shop.total(bigint) to public;
        """,
    ),
    Part(
        "on_vendors_tables",
        "legacy",
        """
        create view shop.price_list as
            select p.name, v.amount, s.pieces from shop.product p
            join vendor.price v on v.code = p.name join vendor.stock s on s.code = p.name;
        create view shop.margin as select code, margin from vendor.secret;
        create function shop.stock_of(text) returns int language sql stable security definer
            set search_path = pg_catalog, pg_temp as 'select pieces from vendor.stock where code = $1';
        """,
    ),
    Part(
        "operators",
        "legacy",
        """
        create function shop.same(text, text) returns boolean language sql immutable as 'select lower($1) = lower($2)';
        create operator shop.=== (leftarg = text, rightarg = text, function = shop.same);
        create operator shop.!!! (rightarg = text, function = pg_catalog.upper);
        create collation shop.plain from "C";
        create conversion shop.latin for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
        create statistics shop.line_stats on orders, product from shop.line;
        create text search dictionary shop.words (template = pg_catalog.simple);
        create text search configuration shop.search (copy = pg_catalog.simple);
        """,
    ),
    Part(
        "operator_classes",
        "superuser",
        """
        create operator family shop.lengths using btree;
        create function shop.by_length(text, text) returns int language sql immutable as
            'select length($1) - length($2)';
        create operator class shop.by_length for type text using btree family shop.lengths as
            function 1 shop.by_length(text, text);
        alter operator family shop.lengths using btree owner to {legacy};
        alter operator class shop.by_length using btree owner to {legacy};
        alter function shop.by_length(text, text) owner to {legacy};
        """,
    ),
    Part(
        "large_objects",
        "legacy",
        """
        select pg_catalog.lo_from_bytea(424242, 'picture');
        select pg_catalog.lo_from_bytea(434343, 'shared picture');
        grant select on large object 434343 to {reporting};
        """,
    ),
    Part(
        "extension",
        "legacy",
        """
        create extension citext schema shop;
        create extension fuzzystrmatch schema shop;
        create table shop.tag (word shop.citext primary key);
        """,
    ),
    # -- row-level security
    Part(
        "row_security",
        "legacy",
        """
        create table shop.document (id int primary key, published boolean, body text);
        insert into shop.document values (1, true, 'open'), (2, false, 'draft');
        alter table shop.document enable row level security, force row level security;
        create policy readers on shop.document for select to public using (published);
        create policy writers on shop.document to {legacy}, {vendor} using (true) with check (true);
        """,
    ),
    # -- foreign data; the wrapper itself must stay with a superuser
    Part(
        "wrapper",
        "superuser",
        """
        create extension postgres_fdw schema pg_catalog;
        grant usage on foreign data wrapper postgres_fdw to {legacy};
        """,
    ),
    Part(
        "foreign",
        "legacy",
        """
        create server partner foreign data wrapper postgres_fdw options (host 'partner.invalid', dbname 'elsewhere');
        create user mapping for {legacy} server partner options (user 'shop', password {secret});
        create foreign table shop.partner_price (code text, amount numeric) server partner;
        """,
    ),
    Part(
        "vendor_server",
        "superuser",
        """
        create server courier foreign data wrapper postgres_fdw options (host 'courier.invalid');
        alter server courier owner to {vendor};
        grant usage on foreign server courier to {legacy};
        create user mapping for {legacy} server courier options (user 'shop', password {secret});
        create user mapping for {vendor} server courier options (user 'vendor', password {secret});
        """,
    ),
    Part(
        "publication",
        "legacy",
        """
        create publication shop_changes for table shop.orders, shop.line;
        """,
    ),
    Part(
        "subscription",
        "superuser",
        """
        create subscription shop_feed connection 'host=feed.invalid dbname=feed user=feed password=feed'
            publication feed with (connect = false, slot_name = none, enabled = false);
        grant pg_create_subscription to {legacy};
        alter subscription shop_feed owner to {legacy};
        """,
        since=16,
    ),
    Part(
        "event_trigger",
        "superuser",
        """
        create schema audit;
        create table audit.ddl (at timestamptz default now(), who text, tag text);
        create function audit.log_ddl() returns event_trigger language plpgsql security definer
            set search_path = pg_catalog, pg_temp as
            'begin insert into audit.ddl (who, tag) values (session_user, tg_tag); end';
        create event trigger audit_ddl on ddl_command_end when tag in ('CREATE TABLE', 'DROP TABLE')
            execute function audit.log_ddl();
        """,
    ),
    # -- grants to third parties, passed on by others too
    Part(
        "grants",
        "legacy",
        """
        grant select on shop.product, shop.cheap to {reporting} with grant option;
        grant insert, update on shop.product to {newcomer};
        grant select (id, mail), update (mood) on shop.customer to {newcomer};
        grant usage on type shop.mood to {newcomer};
        grant usage on foreign server partner to {reporting};
        grant create on schema shop to {newcomer};
        grant truncate, trigger, references on public.note to {reporting};
        """,
    ),
    Part(
        "passed_on_by_reporting",
        "reporting",
        """
        grant select on shop.product to {newcomer};
        """,
    ),
    Part(
        "passed_on_by_legacy",
        "legacy",
        """
        grant select on vendor.price to {newcomer};
        """,
    ),
)

APPLICATION = (
    "insert into shop.customer (mail, address) values ('c@example.org', row('Street', 'Town'))",
    "insert into shop.product (name, price) values ('gin', 15)",
    "insert into shop.orders (customer) values (1)",
    "insert into shop.line values ((select max(id) from shop.orders), 2, 3) on conflict do nothing",
    "update shop.product set price = price + 1 where name = 'tea'",
    "delete from shop.line where pieces > 1000",
    "insert into shop.basket (content) values ('{\"a\": 1}')",
    "insert into shop.reading values ('2024-02-02', 2, 5), ('2025-02-02', 1, 5), ('2025-02-02', 3, 5)",
    "select count(*) from shop.reading where at > '2025-01-01'",
    "select * from shop.good_customer",
    "select * from shop.cheap",
    "select * from shop.bestseller",
    "select * from shop.price_list",
    "select * from shop.margin",
    "select nextval('shop.invoice_number'), currval('shop.invoice_number')",
    "select shop.total(1), shop.total(1, true), shop.who()",
    "select shop.stock_of('tea')",
    "select shop.sum_of(price) from shop.product",
    "call shop.tidy()",
    "select 'A' operator(shop.===) 'a'",
    "select value from preference where name = 'currency'",
    "insert into note (body) values ('again')",
    "insert into tag values ('Hot') on conflict do nothing",
    "select * from tag where word = 'HOT'",
    "select id, body from shop.document",
    "update shop.document set body = body || '.' where id = 2",
    "select amount from vendor.price",
    "insert into vendor.rate values ('x' || random(), 1)",
    "select code from vendor.secret",
    "select vendor.tax(100), nextval('vendor.ticket')",
    "select note from vendor_note",
    "select lo_get(424242)",
    "select lo_put(424242, 0, 'Picture')",
    "select to_tsvector('shop.search', 'tea and rum')",
)
"""The application's statements. All must work, as legacy before the cutover and as app_user after it."""


def parts() -> tuple[str, ...]:
    """The names of all parts, in the order in which they are made."""
    return tuple(part.name for part in _PARTS)


def trap_world(
    conn: psycopg.Connection[Any], legacy: str = "legacy", *, leave_out: Collection[str] = (), cast: Cast | None = None
) -> Cast:
    """Build the world in the database of ``conn``, a superuser's connection in autocommit. The role legacy exists."""
    cast = cast or Cast(legacy=legacy)
    unknown = set(leave_out) - set(parts())
    assert not unknown, f"no such part: {unknown}"
    names = {
        "database": sql.Identifier(conn.info.dbname),
        "secret": sql.Literal(SECRET),
        **{role: sql.Identifier(getattr(cast, role)) for role in ("legacy", *_THIRD)},
    }
    for part in _PARTS:
        if part.name in leave_out or not part.since <= conn.info.server_version // 10000 <= part.until:
            continue
        text = sql.SQL(part.statements).format(**names)
        with acting_as(conn, None if part.actor == "superuser" else getattr(cast, part.actor)):
            try:
                conn.execute(text)
            except psycopg.Error as error:
                error.add_note(f"while building part {part.name!r} of the world")
                raise
    return cast


_THIRD = ("vendor", "team", "person", "reporting", "newcomer")


@contextmanager
def acting_as(conn: psycopg.Connection[Any], role: str | None) -> Iterator[None]:
    """Make a superuser's connection act and log in as another role while the block runs; None changes nothing."""
    if role is None:
        yield
        return
    conn.execute(sql.SQL("set session authorization {}").format(sql.Identifier(role)))
    try:
        yield
    finally:
        conn.execute("reset session authorization")


def run_application(conn: psycopg.Connection[Any], leave_out: Callable[[str], bool] = lambda _: False) -> list[str]:
    """Run every statement of the application on this connection and roll back. Returns what failed, and why."""
    failed = []
    with conn.transaction(force_rollback=True):
        for statement in APPLICATION:
            if leave_out(statement):
                continue
            try:
                with conn.transaction():
                    conn.execute(statement)
            except psycopg.Error as error:
                failed.append(f"{statement}: {str(error).splitlines()[0]}")
    return failed
