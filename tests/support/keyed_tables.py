"""Made-up tables of tenants: own, through, shared, hidden, with nullable keys, partitions and composite keys."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from psycopg import sql

KEYS = {
    "bigint": ("1", "2", "17"),
    "integer": ("-1", "2", "3"),
    "uuid": tuple(f"00000000-0000-0000-0000-00000000000{n}" for n in (1, 2, 3)),
    "text": ("a", 'B "b"', "ü:%s"),
    "varchar(20)": ("a", "b'c", "d\\e"),
}
NAMES = ("orders", 'Select "all" %s', "r", "p1", "ünï:x", "lines", "notes\n2", "tenant")


@dataclass
class Made:
    """A schema, and which tenant each row is said to be of."""

    key_type: str
    ddl: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    key_of: dict[str, str] = field(default_factory=dict)
    """Per table whose rows are told apart, what gives the key: ``FROM … | expression``."""
    shared: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def keys(self) -> tuple[str, ...]:
        return KEYS[self.key_type]


def literal(text: str) -> str:
    return sql.Literal(text).as_string(None)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def make(seed: int) -> Made:
    """Own, through, shared, hidden; nullable keys, partitions, self references, composite keys, a view."""
    dice = random.Random(seed)
    made = Made(dice.choice(sorted(KEYS)))
    type_, names = made.key_type, list(NAMES)
    dice.shuffle(names)
    column = dice.choice(("account_id", 'Account "Id"', "select"))
    key = quoted(column)
    made.ddl.append(f"create table accounts (id {type_} primary key, name text)")
    made.rows += [f"insert into accounts values ({sql.Literal(each).as_string(None)}, 'x')" for each in made.keys]
    made.key_of["accounts"] = "accounts as t | t.id"
    own: list[tuple[str, bool]] = []
    for name in names[:3]:
        table, composite, nullable = quoted(name), dice.random() < 0.4, dice.random() < 0.4
        part = dice.random() < 0.4
        null = "" if nullable and not composite else "not null"
        pk = f"({key}, id)" if composite else "(id)"
        up = f", up int, foreign key ({key}, up) references {table}" if composite else ", up int references " + table
        by = " partition by range (id)" if part else ""
        made.ddl.append(f"create table {table} (id int, {key} {type_} {null}, body text, primary key {pk}{up}){by}")
        if part:
            for number, (low, high) in enumerate(((0, 10), (10, 1000))):
                leaf = quoted(f"{name}_{number}"[-60:])
                made.ddl.append(f"create table {leaf} partition of {table} for values from ({low}) to ({high})")
                made.parts.append(leaf)
        values = [*map(sql.Literal, made.keys), *([sql.SQL("NULL")] if null == "" else [])]
        for number in range(1, 21):
            value = dice.choice(values).as_string(None)
            made.rows.append(f"insert into {table} (id, {key}, body) values ({number}, {value}, 'b{number}')")
        made.key_of[table] = f"{table} as t | t.{key}"
        own.append((table, composite))
    for name in names[3:5]:
        table = quoted(name)
        target, composite = dice.choice(own)
        there = made.key_of[target].partition(" | ")
        if composite:
            ddl = f"far_key {type_}, far int, foreign key (far_key, far) references {target}"
            join, columns, pick = f"x.{key} = t.far_key and x.id = t.far", "far_key, far", f"{key}, id"
        else:
            ddl, join = f"far int {dice.choice(('', 'not null'))} references {target}", "x.id = t.far"
            columns, pick = "far", "id"
        made.ddl.append(f"create table {table} (id int primary key, body text, {ddl})")
        made.rows.append(
            f"insert into {table} (id, body, {columns}) select row_number() over (), 'l', {pick} from {target}, "
            "generate_series(1, 2)"
        )
        made.key_of[table] = f"{table} as t left join {there[0].replace(' as t', ' as x')} on {join} | x.{key}"
    shared, hidden = quoted(names[5]), quoted(names[6])
    made.ddl += [f"create table {shared} (id int primary key)", f"create table {hidden} (id int primary key)"]
    made.rows += [f"insert into {shared} values (1), (2)", f"insert into {hidden} values (1)"]
    made.shared.append(shared)
    made.hidden.append(hidden)
    made.ddl.append(f"create view v as select * from {own[0][0]}")
    return made
