"""What stands around the tables of a multi-tenant database, drawn by lot. None of it opens another tenant's row."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Place:
    """A table of tenants' rows, which the surroundings are about."""

    sql: str
    key: str
    """The column that holds the key or leads there, as SQL."""
    plain: bool
    """A table with a column ``id`` that is not partitioned."""


@dataclass
class Surroundings:
    """What was made, and what must be refused to tenants."""

    script: list[str] = field(default_factory=list)
    """Run as the owner of the tables."""
    besides: list[str] = field(default_factory=list)
    """Run as a superuser."""
    closed: list[str] = field(default_factory=list)
    """Statements that no tenant may run."""
    tables: list[str] = field(default_factory=list)
    """Tables of nobody's."""
    counting: list[tuple[str, str]] = field(default_factory=list)
    """(query, table): a tenant counts its own rows of the table."""


Part = Callable[[Place, str, Surroundings], None]


def _view(options: str) -> Part:
    def made(place: Place, name: str, found: Surroundings) -> None:
        found.script.append(f"create view {name} {options} as select * from {place.sql}")
        found.closed += [f"select from {name}", f"delete from {name}"]

    return made


def _matview(place: Place, name: str, found: Surroundings) -> None:
    found.script.append(f"create materialized view {name} as select * from {place.sql}")
    found.closed += [f"select from {name}", f"refresh materialized view {name}"]


def _instead(place: Place, name: str, found: Surroundings) -> None:
    body = f"begin delete from {place.sql}; return old; end"
    found.script += [
        f"create view {name} as select * from {place.sql}",
        f"create function {name}_gone() returns trigger language plpgsql security definer as $${body}$$",
        f"create trigger t instead of delete on {name} for each row execute function {name}_gone()",
    ]
    found.closed.append(f"delete from {name}")


def _ruled(place: Place, name: str, found: Surroundings) -> None:
    found.script += [
        f"create view {name} as select * from {place.sql}",
        f"create rule r as on delete to {name} do instead delete from {place.sql}",
    ]
    found.closed.append(f"delete from {name}")


def _definer(place: Place, name: str, found: Surroundings) -> None:
    found.script += [
        f"create function {name}() returns bigint language sql security definer as 'select count(*) from {_in(place)}'",
        f"revoke execute on function {name}() from public",
    ]
    found.closed.append(f"select {name}()")


def _invoker(place: Place, name: str, found: Surroundings) -> None:
    body = f"select count(*) from {_in(place)}"
    found.script.append(f"create function {name}() returns bigint language sql stable as '{body}'")
    found.counting.append((f"select {name}()", place.sql))


def _in(place: Place) -> str:
    return place.sql.replace("'", "''")


def _foreign(place: Place, name: str, found: Surroundings) -> None:
    found.besides += [
        f"create extension postgres_fdw; create server {name}_server foreign data wrapper postgres_fdw",
        f"create foreign table {name} (id int) server {name}_server; alter table {name} owner to legacy",
    ]
    found.closed.append(f"select from {name}")


def _excluded(place: Place, name: str, found: Surroundings) -> None:
    if place.plain:
        found.script.append(f"alter table {place.sql} add constraint {name} exclude ({place.key} with =, id with =)")


def _deferred(place: Place, name: str, found: Surroundings) -> None:
    late = "on delete cascade deferrable initially deferred"
    if place.plain:
        found.script += [
            f"create table {name} (id bigint primary key)",
            f"insert into {name} select id from {place.sql}",
            f"alter table {place.sql} add foreign key (id) references {name} {late}",
        ]
        found.tables.append(name)
        found.closed.append(f"select from {name}")


def _stamped(place: Place, name: str, found: Surroundings) -> None:
    body = "begin new.body := coalesce(new.body, 'stamped'); return new; end"
    found.script += [
        f"create function {name}() returns trigger language plpgsql as $${body}$$",
        f"create trigger {name} before insert or update on {place.sql} for each row execute function {name}()",
    ]


def _indexed(place: Place, name: str, found: Surroundings) -> None:
    found.script += [
        f"create function {name}(text) returns text language sql immutable as 'select lower($1)'",
        f"create index on {place.sql} (public.{name}(body)) where public.{name}(body) <> ''",
        f"create statistics {name} on {place.key}, body from {place.sql}",
    ]


def _child(place: Place, name: str, found: Surroundings) -> None:
    if place.plain:
        found.script.append(f"create table {name} (extra text) inherits ({place.sql})")
        found.closed.append(f"select from {name}")


def _document(place: Place, name: str, found: Surroundings) -> None:
    found.script += [
        f"create table {name} (id bigint, account_id_ jsonb)",
        f"insert into {name} select 1, to_jsonb({place.key}) from {place.sql}",
    ]
    found.tables.append(name)
    found.closed.append(f"select from {name}")


def _part_of_another(place: Place, name: str, found: Surroundings) -> None:
    if not place.plain:
        found.besides.append(f"""
            create role {name}; do $$ declare part regclass; begin
            for part in select inhrelid from pg_inherits where inhparent = '{_in(place)}'::regclass limit 1 loop
            execute format('alter table %s owner to {name}', part); end loop; end $$""")


PARTS: tuple[tuple[int, Part], ...] = (
    (13, _view("")),
    (13, _view("with (security_barrier = true)")),
    (15, _view("with (security_invoker = true)")),
    *(
        (13, part)
        for part in (
            *(_matview, _instead, _ruled, _definer, _invoker, _foreign, _excluded, _deferred, _stamped, _indexed),
            *(_child, _document, _part_of_another),
        )
    ),
)
"""Each with the first major that has it."""


def around(dice: random.Random, places: list[Place], major: int) -> Surroundings:
    """Each part with one half of luck, about one of these tables."""
    found = Surroundings()
    for name, part in _named(major):
        if dice.random() < 0.5:
            part(dice.choice(places), name, found)
    return found


def _named(major: int) -> Iterator[tuple[str, Part]]:
    for number, (since, part) in enumerate(PARTS):
        if since <= major:
            yield f"around_{number}", part
