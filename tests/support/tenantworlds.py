"""Random multi-tenant databases: all kinds of tables, nullable keys, indirect references, partitions, odd names."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from flatsplit import ddl
from flatsplit.ddl import ident, literal
from flatsplit.tenants import Condition, Link
from tests.support import tenancy
from tests.support.tenant_surroundings import Place, Surroundings, around
from tests.support.walk import toml

DOMAINS = (
    'create domain "Key ""d""" as bigint check (value > 0)',
    "create domain word as character varying(9) not null",
    "create domain sign as word check (value <> '')",
)
"""Domains that keys are of."""
PLAIN = {'"Key ""d"""': "bigint", "sign": "character varying", "character(5)": "bpchar"}
"""Of these types, what the table of tenants has in their place."""
KEYS: dict[str, list[str]] = {
    '"Key ""d"""': ["1", "2", "17", "9007199254740993"],
    "sign": ["it's", 'a "b"', "x%y", "ü"],
    "character(5)": ["it's", 'a "b"', "x%y", "ü"],
    "numeric": ["1.50", "2", "-3"],
    "smallint": ["1", "-2", "3"],
    "bigint": ["1", "2", "17", "9007199254740993"],
    "integer": ["1", "-2", "3"],
    "uuid": [f"{n:08x}-0000-4000-8000-000000000000" for n in (1, 2, 0xFFFF)],
    "text": ["it's", 'a "b"', "x%y", "ü"],
    "character varying": ["a", "B c", "$1"],
}
NAMES = ("orders", 'Order "x"', "a%b", "x:y", "line\nbreak", "select", "r", "p1", "p2", "ü" * 31, "$1", "{0}")
COLUMNS = ("account_id", 'Konto "id"', "select", "k%s", "r", "role", "tenant")
ROLELESS = 1
"""How many keys of the root are of tenants without a role."""


@dataclass
class Made:
    """One table: its kind, and how its rows lead to the tenant's key."""

    name: str
    kind: str
    column: str = ""
    """For the kind ``own``: the column that holds the key."""
    links: tuple[tuple[str, str], ...] = ()
    """For the kind ``through``: each (column, table that it refers to), up to a table of the kind ``own``."""
    end: str = ""
    """The column of that table that holds the key."""
    read_null: bool = False

    @property
    def sql(self) -> str:
        return ident("public", self.name)

    def keyed(self, columns: str, where: str) -> str:
        """A SELECT from the table, called ``t``; in ``where``, KEY stands for the column that holds the key."""
        joins, before = "", "t"
        for place, (column, target) in enumerate(self.links):
            alias = f"j{place}"
            joins += f" left join {ident('public', target)} {alias} on {alias}.id = {before}.{ident(column)}"
            before = alias
        key = f"{before}.{ident(self.end or self.column)}"
        return f"select {columns} from {self.sql} t{joins} where {where.replace('KEY', key)}"

    @property
    def condition(self) -> str:
        links = tuple(Link("public", target, (column,), ("id",)) for column, target in self.links)
        return ddl.condition(Condition("tenancy", self.end or self.column, links), self.name)


@dataclass
class World:
    """A database, as the SQL of its owner, and the configuration for it."""

    seed: int
    root: str = "accounts"
    key_type: str = "bigint"
    keys: list[str] = field(default_factory=list)
    tables: list[Made] = field(default_factory=list)
    script: list[str] = field(default_factory=list)
    around: Surroundings = field(default_factory=Surroundings)

    @property
    def tenants(self) -> dict[str, str]:
        """The tenants' keys, by role."""
        return {f"t {key}": key for key in self.keys[ROLELESS:]}

    @property
    def apart(self) -> list[Made]:
        return [one for one in self.tables if one.kind in ("own", "through")]

    @property
    def protection(self) -> list[str]:
        """Statements that make what the walk would make."""
        lines = [
            *tenancy.mapping(PLAIN.get(self.key_type, self.key_type), owner="legacy"),
            "grant usage on schema public to app_tenant",
        ]
        root = Made(self.root, "own", "id")
        lines += tenancy.protected(root.sql, root.condition, "select", ("app_user",))
        for one in self.apart:
            lines += tenancy.protected(one.sql, one.condition, "select, insert, update, delete", ("app_user",))
        lines += [f"grant select on {one.sql} to app_tenant" for one in self.tables if one.kind == "shared"]
        for role, key in self.tenants.items():
            lines += tenancy.tenant(role, key)
        return lines

    @property
    def config(self) -> str:
        """The section [tenants] for it."""
        own = {one.sql: one.column for one in self.tables if one.kind == "own"}
        ways = {one.sql: _piece(one.links[0][0]) for one in self.tables if one.kind == "through"}
        lines = ["", "[tenants]", f"root = {toml(ident('public', self.root))}", "[tenants.tables]"]
        for kind, said in (("own", own), ("through", ways)):
            lines.append(
                f"{kind} = {{ {', '.join(f'{toml(table)} = {toml(value)}' for table, value in said.items())} }}"
            )
        for kind in ("shared", "hidden"):
            more = [ident("public", name) for name in self.around.tables] if kind == "hidden" else []
            lines.append(f"{kind} = {toml([*(one.sql for one in self.tables if one.kind == kind), *more])}")
        return "\n".join(lines) + "\n"


def _piece(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def world(seed: int, major: int, size: int = 8) -> World:
    """A random database for a server of this major version, always the same for the same seed."""
    dice = random.Random(seed)
    found = World(seed)
    found.key_type = dice.choice(list(KEYS))
    found.keys = list(KEYS[found.key_type])
    names = dice.sample(NAMES, size)
    if dice.random() < 0.5:
        found.root = 'Mandant "%"'
    found.script += DOMAINS
    found.script.append(f"create table {ident('public', found.root)} (id {found.key_type} primary key, name text)")
    found.script += [f"insert into {ident('public', found.root)} values ({literal(key)}, 'n')" for key in found.keys]
    kinds = ["own", "own", "through", *dice.choices(["own", "through", "part", "shared", "hidden"], k=size - 3)]
    for name, kind in zip(names, kinds, strict=True):
        {"own": _own, "through": _through, "part": _part, "shared": _plain, "hidden": _plain}[kind](
            dice, found, name, kind
        )
    parted = _parted(found)
    places = [
        Place(one.sql, ident(one.links[0][0] if one.links else one.column), one.name not in parted)
        for one in found.apart
    ]
    found.around = around(dice, places, major)
    found.script += ["set constraints all immediate", *found.around.script]
    return found


def _own(dice: random.Random, world: World, name: str, _: str) -> None:
    column, nullable = dice.choice(COLUMNS), dice.random() < 0.3
    table = ident("public", name)
    id_ = dice.choice(["id bigserial primary key", "id bigint generated always as identity primary key"])
    composite = not nullable and dice.random() < 0.3
    collated = ' collate "C"' if world.key_type in ("text", "character varying") and dice.random() < 0.4 else ""
    parts = [f"{ident(column)} {world.key_type}{collated}{'' if nullable else ' not null'}", id_, "body text"]
    if dice.random() < 0.4:
        parts.append("twice text generated always as (body || body) stored")
    if composite:
        parts += ["up bigint", f"unique ({ident(column)}, id)"]
        parts.append(f"foreign key ({ident(column)}, up) references {table} ({ident(column)}, id)")
    elif dice.random() < 0.4:
        parts.append(f"up bigint references {table}")
    if dice.random() < 0.5:
        late = dice.choice(("", " deferrable", " deferrable initially deferred"))
        parts.append(f"foreign key ({ident(column)}) references {ident('public', world.root)}{late}")
    world.script.append(f"create table {table} ({', '.join(parts)})")
    world.script.append(f"create index on {table} ({ident(column)})")
    made = Made(name, "own", column)
    world.tables.append(made)
    for key in [*world.keys, *([None] if nullable else [])]:
        value = literal(key) if key is not None else "null"
        rows = f"select {value}, 'b' from generate_series(1, {dice.randrange(4)})"
        world.script.append(f"insert into {table} ({ident(column)}, body) {rows}")


def _through(dice: random.Random, world: World, name: str, _: str) -> None:
    targets = [one for one in world.apart if one.kind == "through" or one.name not in _parted(world)]
    target = dice.choice(targets)
    column, nullable = dice.choice(["order_id", 'weg "id"', "r"]), dice.random() < 0.3
    table = ident("public", name)
    null = "" if nullable else " not null"
    body = "body text not null" if dice.random() < 0.5 else "body text"
    world.script.append(
        f"create table {table} (id bigserial primary key, {ident(column)} bigint{null} references {target.sql}, {body})"
    )
    world.script.append(f"create index on {table} ({ident(column)})")
    links = ((column, target.name), *target.links)
    world.tables.append(Made(name, "through", "", links, target.end or target.column))
    world.script.append(
        f"insert into {table} ({ident(column)}, body) select t.id, 'b' from {target.sql} t, generate_series(1, 2) n "
        f"where (t.id + n) % 3 > 0" + (" union all select null, 'b'" if nullable else "")
    )


def _parted(world: World) -> set[str]:
    return {one.name for one in world.tables if one.column and f"-- parted {one.name!r}" in world.script}


def _part(dice: random.Random, world: World, name: str, _: str) -> None:
    table, how = ident("public", name), dice.choice(["list", "range", "hash"])
    world.script.append(f"-- parted {name!r}")
    column = "account_id"
    by = {"list": column, "range": "at", "hash": f"{column}, at"}[how]
    world.script.append(
        f"create table {table} (account_id {world.key_type} not null, at date not null, body text) "
        f"partition by {how} ({by})"
    )
    part = ident("public", f"part of {len(world.tables)}")
    if how == "list":
        world.script.append(f"create table {part} partition of {table} for values in ({literal(world.keys[1])})")
        world.script.append(f'create table {part[:-1]} rest" partition of {table} default')
    elif how == "range":
        world.script.append(
            f"create table {part} partition of {table} for values from ('2000-01-01') to ('2020-01-01')"
        )
        world.script.append(f'create table {part[:-1]} rest" partition of {table} default')
    else:
        for place in (0, 1):
            where = f"for values with (modulus 2, remainder {place})"
            world.script.append(f'create table {part[:-1]} {place}" partition of {table} {where}')
    world.script.append(f"create index on {table} (account_id)")
    world.tables.append(Made(name, "own", column))
    for key in world.keys:
        rows = f"select {literal(key)}, date '2019-12-30' + n, 'b' from generate_series(1, {dice.randrange(5)}) n"
        world.script.append(f"insert into {table} {rows}")


def _plain(dice: random.Random, world: World, name: str, kind: str) -> None:
    world.script.append(f"create table {ident('public', name)} (id int primary key, body text)")
    world.script.append(
        f"insert into {ident('public', name)} select n, 'b' from generate_series(1, {dice.randrange(4)}) n"
    )
    world.tables.append(Made(name, kind))
