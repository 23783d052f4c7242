"""Rows of several tenants for any schema, made from its catalog alone and obeying its foreign keys.

The rows are made in as many *worlds* as there are tenants. A row of one world refers to rows of the same world only;
what is no tenant's, users for instance, is referred to from all of them. So whose a row is stands fast before anybody
asks a policy, and whichever way of foreign keys is taken, it leads to the same tenant.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg
from psycopg import errors, sql

from flatsplit.config import parse_name
from tests.support.tenant_values import Column, value

Rows = frozenset[tuple[int, str]]
"""(oid of the table, place in it)."""
TRIES = 40  # so often a row is drawn anew where a constraint refuses it

_COLUMNS = """
SELECT a.attname, format_type(b.oid, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END), b.typtype,
    b.typcategory, a.attnotnull OR t.typnotnull AS needed, a.atthasdef OR a.attidentity <> '' AS given,
    a.attgenerated <> '' OR a.attidentity = 'a' AS kept,
    (SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = b.oid) AS labels,
    a.attnum = ANY (SELECT unnest(indkey::int2[]) FROM pg_index WHERE indrelid = a.attrelid AND indisunique) AS once
FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
JOIN pg_type AS b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_KEYS = """
SELECT f.confrelid::regclass::oid,
    (SELECT array_agg(attname::text ORDER BY n) FROM unnest(f.conkey) WITH ORDINALITY AS k (i, n)
        JOIN pg_attribute ON attrelid = f.conrelid AND attnum = i),
    (SELECT array_agg(attname::text ORDER BY n) FROM unnest(f.confkey) WITH ORDINALITY AS k (i, n)
        JOIN pg_attribute ON attrelid = f.confrelid AND attnum = i)
FROM pg_constraint AS f WHERE f.contype = 'f' AND f.conrelid = %s::regclass AND f.conparentid = 0
"""
_TABLES = """
SELECT c.oid, format('%%I.%%I', n.nspname, c.relname)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY (%s) ORDER BY 2
"""
_PARTED = """
SELECT n.nspname, pg_get_userbyid(c.relowner) FROM pg_partitioned_table AS p JOIN pg_class AS c ON c.oid = p.partrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = %s AND p.partstrat <> 'h' AND p.partdefid = 0
"""
_CHILDREN = "SELECT inhrelid, inhparent FROM pg_inherits ORDER BY inhparent DESC"
_CHECKS = """
SELECT string_agg(pg_get_constraintdef(oid), ' ') FROM pg_constraint
WHERE contype = 'c' AND (conrelid = %s::regclass
    OR contypid IN (SELECT atttypid FROM pg_attribute WHERE attrelid = %s::regclass))
"""


class _Key(NamedTuple):
    target: int
    columns: list[str]
    targets: list[str]


@dataclass
class _Table:
    oid: int
    name: str
    columns: list[Column]
    keys: list[_Key]
    words: list[str]
    """What its constraints name."""
    made: list[list[dict[str, Any]]] = field(default_factory=list)
    """The rows of each world, as text."""


@dataclass
class Filled:
    """What was made."""

    rows: dict[str, list[Rows]] = field(default_factory=dict)
    """Per table, the rows of each world."""
    empty: dict[str, str] = field(default_factory=dict)
    """Tables without a row in some world, each with what refused the last one."""


def fill(
    admin: psycopg.Connection[Any],
    schemas: list[str],
    root: str,
    kinds: Mapping[str, Mapping[str, Any]],
    keys: list[str],
    each: int = 2,
    seed: int = 0,
) -> Filled:
    """Make ``each`` rows of every table in a world for each of these keys. ``kinds`` as ``tenants --survey`` says."""
    return _Filling(admin, schemas, root, kinds, keys, random.Random(seed)).fill(each)


def written(name: str) -> str:
    """A table's name as SQL."""
    return ".".join(sql.Identifier(part).as_string(None) for part in parse_name(name).parts)


def ways(kinds: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[list[str], str, list[str]]]:
    """Per table of the kind ``through``, by which columns it leads to which columns of which table."""
    found = {}
    for name, one in kinds.items():
        if one["kind"] == "through":
            columns, _, rest = one["way"].partition(" -> ")
            target, _, targets = rest.rpartition("(")
            found[name] = (_split(columns), target, _split(targets.removesuffix(")")))
    return found


def _split(columns: str) -> list[str]:
    plain = columns.strip().removeprefix("(").removesuffix(")")
    return [one.strip().strip('"').replace('""', '"') for one in plain.split(",")]


class _Filling:
    def __init__(
        self,
        admin: psycopg.Connection[Any],
        schemas: list[str],
        root: str,
        kinds: Mapping[str, Mapping[str, Any]],
        keys: list[str],
        dice: random.Random,
    ) -> None:
        self.admin, self.keys, self.dice = admin, keys, dice
        self.kinds = {written(name): one for name, one in kinds.items()}
        self.root = written(root)
        self.count = 0
        self.tables = {}
        for oid, quoted in admin.execute(_TABLES, [schemas]).fetchall():
            name = written(quoted)
            columns = [Column(*row) for row in admin.execute(_COLUMNS, [oid]).fetchall()]
            ((checks,),) = admin.execute(_CHECKS, [oid, oid]).fetchall()
            words = re.findall(r"'((?:[^']|'')*)'", checks or "")
            found = [_Key(*row) for row in admin.execute(_KEYS, [oid]).fetchall()]
            self.tables[oid] = _Table(oid, name, columns, found, words)
        named = {table.name: table for table in self.tables.values()}
        for name, (these, target, targets) in ways(kinds).items():
            table = named[written(name)]
            if these not in [key.columns for key in table.keys]:
                table.keys.append(_Key(named[written(target)].oid, these, targets))

    def fill(self, each: int) -> Filled:
        """All tables, each after those that it refers to as far as that goes."""
        found = Filled()
        for table in self._ordered():
            trigger = sql.SQL("ALTER TABLE {} {} TRIGGER USER")
            name = sql.SQL(table.name)
            self.admin.execute(trigger.format(name, sql.SQL("DISABLE")))
            self._open(table)
            table.made = [[] for _ in self.keys]
            places: list[set[tuple[int, str]]] = [set() for _ in self.keys]
            for world in range(len(self.keys)):
                for number in range(1 if table.name == self.root else each):
                    said = self._row(table, world, number, places[world])
                    if said and not places[world]:
                        found.empty[table.name] = said
            self.admin.execute(trigger.format(name, sql.SQL("ENABLE")))
            found.rows[table.name] = [frozenset(one) for one in places]
        for child, parent in self.admin.execute(_CHILDREN).fetchall():  # its rows are its parent's, too
            if child in self.tables and parent in self.tables:
                below, above = (self.tables[oid].name for oid in (child, parent))
                found.rows[above] = [one | more for one, more in zip(found.rows[above], found.rows[below], strict=True)]
        return found

    def _open(self, table: _Table) -> None:
        """Give it a partition for whatever no other one takes, made by its owner with that one's default privileges."""
        asked = self.admin.execute(_PARTED, [table.oid]).fetchone()
        if asked is not None:
            name, (schema, owner) = f"rest of {table.oid}", asked
            make = sql.SQL("SET ROLE {2}; CREATE TABLE {0} PARTITION OF {1} DEFAULT; RESET ROLE")
            names = (sql.Identifier(schema, name), sql.SQL(table.name), sql.Identifier(owner))
            self.admin.execute(make.format(*names))

    def _ordered(self) -> list[_Table]:
        """Those first that refer to nothing that is still to come, by foreign keys that must be filled."""
        left, found = dict(self.tables), []
        while left:
            for hard in (False, True):  # by all foreign keys, else by those that may not be NULL
                free = [
                    table
                    for table in left.values()
                    if not any(
                        key.target in left and key.target != table.oid
                        for key in table.keys
                        if not hard or self._must(table, key)
                    )
                ]
                if free:
                    break
            else:
                free = [next(iter(left.values()))]
            for table in free if not hard else free[:1]:
                found.append(left.pop(table.oid))
        return found

    def _must(self, table: _Table, key: _Key) -> bool:
        return all(one.needed for one in table.columns if one.name in key.columns)

    def _row(self, table: _Table, world: int, number: int, places: set[tuple[int, str]]) -> str:
        """Insert one row; returns what refused it, "" where it is there."""
        said = ""
        for tries in range(TRIES):
            values = self._values(table, world, number, tries)
            if values is None:
                return f"a row of {table.name} needs one of another table that has none"
            names = sql.SQL(", ").join(map(sql.Identifier, values))
            marks = sql.SQL(", ").join(sql.Literal(value) for value in values.values())
            what = sql.SQL("({}) VALUES ({})").format(names, marks) if values else sql.SQL("DEFAULT VALUES")
            make = sql.SQL("INSERT INTO {} AS t {} RETURNING tableoid::bigint, ctid::text")
            try:
                row = self.admin.execute(make.format(sql.SQL(table.name), what)).fetchone()
            except (errors.IntegrityError, errors.DataError) as error:
                said = str(error).splitlines()[0]
                continue
            assert row is not None
            places.add((row[0], row[1]))
            text = sql.SQL("SELECT {} FROM {} AS t WHERE tableoid = {} AND ctid = {}::tid")
            every = [one.name for one in table.columns]
            texts = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(one)) for one in every)
            place = (sql.Literal(row[0]), sql.Literal(row[1]))
            kept = self.admin.execute(text.format(texts, sql.SQL(table.name), *place)).fetchone()
            assert kept is not None
            table.made[world].append(dict(zip(every, kept, strict=True)))
            return ""
        return said

    def _values(self, table: _Table, world: int, number: int, tries: int) -> dict[str, Any] | None:
        """One row's values; None where it has to refer to a row that is not there."""
        values: dict[str, Any] = {}
        one = self.kinds.get(table.name)
        if one is not None and one["kind"] in ("root", "own"):
            values[one["column"]] = self.keys[world]
        kinds = {column.name: column for column in table.columns}
        itself: list[_Key] = []  # of the row's own values, which are to be made
        for key in sorted(table.keys, key=lambda key: -len(key.columns)):
            if any(values.get(name, "") is None for name in key.columns):
                continue
            rows = self._targets(key.target, world)
            fits = [
                row
                for row in rows
                if all(
                    row[there] is not None and values.get(here, row[there]) == row[there]
                    for here, there in zip(key.columns, key.targets, strict=True)
                )
            ]
            loose = [name for name in key.columns if name not in values and not kinds[name].needed]
            if loose and (not fits or self.dice.random() < 0.2):
                values[loose[0]] = None
            elif fits:
                row = fits[(number + tries) % len(fits)] if tries < TRIES // 2 else self.dice.choice(fits)
                values.update({here: row[there] for here, there in zip(key.columns, key.targets, strict=True)})
            elif key.target == table.oid:
                itself.append(key)
            elif any(name not in values for name in key.columns):
                return None
        own = {here for key in itself for here in key.columns if here not in key.targets}
        for column in table.columns:
            full = tries % 4 in (1, 2) and (not column.given or tries % 8 > 4)
            some = tries % 4 == 3 and self.dice.random() < 0.5
            wanted = full or some or ((column.needed or column.once) and not column.given)
            if wanted and column.name not in values and column.name not in own and not column.kept:
                values[column.name] = self._value(table, column, tries)
        for key in itself:
            pairs = zip(key.columns, key.targets, strict=True)
            values.update({here: values[there] for here, there in pairs if here in own and there in values})
        return values

    def _value(self, table: _Table, column: Column, tries: int) -> Any:
        self.count += 1
        return value(column, self.count, tries, self.dice, table.words)

    def _targets(self, oid: int, world: int) -> list[dict[str, Any]]:
        target = self.tables.get(oid)
        if target is None or not target.made:
            return []
        one = self.kinds.get(target.name)
        if one is not None and one["kind"] in ("root", "own", "through"):
            return target.made[world]
        return [row for rows in target.made for row in rows]


def whose(kinds: Mapping[str, Mapping[str, Any]], name: str, key: str) -> sql.Composed:
    """The rows of a table that are this tenant's, as the owner would ask for them."""
    told = ways(kinds)

    def where(table: str, alias: str, met: Collection[str]) -> sql.Composed:
        one = kinds[table]
        if one["kind"] != "through":
            column = sql.SQL("{}.{}").format(sql.SQL(alias), sql.Identifier(one["column"]))
            return sql.SQL("{} = {}").format(column, sql.Literal(key))
        columns, target, targets = told[table]
        inner = f"w{len(met)}"
        pairs = sql.SQL(" AND ").join(
            sql.SQL("{}.{} = {}.{}").format(sql.SQL(inner), sql.Identifier(there), sql.SQL(alias), sql.Identifier(here))
            for here, there in zip(columns, targets, strict=True)
        )
        text = sql.SQL("EXISTS (SELECT FROM {} AS {} WHERE {} AND {})")
        return text.format(sql.SQL(written(target)), sql.SQL(inner), pairs, where(target, inner, (*met, table)))

    query = sql.SQL("SELECT t.tableoid::bigint, t.ctid::text FROM {} AS t WHERE {}")
    return query.format(sql.SQL(written(name)), where(name, "t", ()))
