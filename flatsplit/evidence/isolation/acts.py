"""What is tried as a tenant, in statements that are the same for all: $1 is its key, $2 another's, $3 rows of others.

An INSERT of a foreign key and NULLs is refused by the policy before NOT NULL, CHECK and keys are looked at, so nothing
is written; the control, with the own key, must fail there and not at the policy (ExecInsert, nodeModifyTable.c).
SELECT … FOR UPDATE shows what an UPDATE or DELETE could reach, without triggers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from flatsplit import ddl
from flatsplit.evidence.isolation.facts import Facts, Name
from flatsplit.evidence.tenant_rows import joins
from flatsplit.tenants import Belonging, Survey
from flatsplit.tenants.condition import MAPPING
from flatsplit.tenants.kinds import APART

Expect: TypeAlias = Literal["truth", "none", "refused", "control", "mapping"]
"""Rows as the owner counts them and no other; no row; 42501; anything but 42501; one row and no other."""


class TenantAct(NamedTuple):
    """One statement."""

    table: Name
    act: str
    """In words."""
    statement: str
    expect: Expect
    asks: bool = False
    """A query with one text to answer."""
    why_not: str = ""
    """Why it is not tried."""
    rights_only: bool = False
    """It asks for rights that no tenant has: what is so for one is so for all."""
    other: str = ""
    """The table of which it needs to know another tenant's row."""


def acts(facts: Facts, survey: Survey) -> list[TenantAct]:
    """All of them, table by table, each table's look first."""
    found: list[TenantAct] = []
    for one in survey.of_kind("root", "own", "through", "shared", "hidden"):
        name = (one.ref.schema, one.ref.name)
        relation = facts.relations.get(name)
        if relation is None:
            continue
        if one.kind in APART and relation.letters:
            found += _Table(facts, survey, one).acts()
        found += _rights(name, set(relation.reached), ddl.ident(*name))
    mapping = (survey.tenants.schema, MAPPING)
    if (known := facts.relations.get(mapping)) is not None:
        table = ddl.ident(*mapping)
        look = f"SELECT count(*) || ' ' || count(*) FILTER (WHERE m.role <> current_user) FROM {table} AS m"
        found.append(TenantAct(mapping, "see who the others are", look, "mapping", asks=True))
        found += _rights(mapping, set(known.reached), table)
    return found


_UNHELD = (
    ("r", "read", "SELECT FROM {} WHERE false"),
    ("a", "insert into", "INSERT INTO {} SELECT WHERE false"),
    ("w", "update", "SELECT FROM {} WHERE false FOR UPDATE"),
    ("d", "delete from", "DELETE FROM {} WHERE false"),
    ("D", "truncate", "TRUNCATE {}"),
    ("", "disable row-level security of", "ALTER TABLE {} DISABLE ROW LEVEL SECURITY"),
)


def _rights(name: Name, held: set[str], table: str) -> Iterator[TenantAct]:
    """What no tenant has the right to; PostgreSQL refuses TRUNCATE and ALTER before it takes their lock."""
    for letter, words, statement in _UNHELD:
        if not letter or letter not in held:
            yield TenantAct(name, words, statement.format(table), "refused", rights_only=True)


class _Table:
    """The acts on one table whose rows are told apart."""

    def __init__(self, facts: Facts, survey: Survey, one: Belonging) -> None:
        self.survey = survey
        self.one = one
        self.name: Name = (one.ref.schema, one.ref.name)
        self.table = ddl.ident(*self.name)
        self.relation = facts.relations[self.name]
        self.columns = {column.name: column for column in facts.columns.get(self.name, ())}
        self.code = [code for code in facts.code if code.table == self.name]
        self.key_type = ddl.type_name(survey.key_type)
        """Of the root: that of a table's own column may be narrower."""
        self.first = one.links[0].columns if one.links else (one.column,)
        """Columns that say whose a row is, or lead there."""
        self.other = link_name(one) if one.links else ""

    def acts(self) -> Iterator[TenantAct]:
        letters = set(self.relation.letters)
        if any(name not in self.columns for name in self.first):
            return
        if "r" in letters:
            yield TenantAct(self.name, "see own rows", self._look(), "truth", asks=True)
        if {"r", "w"} <= letters:
            yield TenantAct(self.name, "lock foreign rows", self._lock(), "none", asks=True, other=self.other)
        if "a" in letters:
            why = self._insert_unsafe()
            foreign, own = self._insert(own=False), self._insert(own=True)
            yield TenantAct(self.name, "insert for another tenant", foreign, "refused", why_not=why, other=self.other)
            yield TenantAct(self.name, "insert", own, "control", why_not=why)
        if {"r", "w"} <= letters and self.one.kind != "root":
            yield TenantAct(
                self.name,
                "move a row to another tenant",
                self._move(),
                "refused",
                why_not=self._fires("w") or self._computed(),
                other=self.other,
            )

    # -- looking

    def _look(self) -> str:
        if self.one.links:
            key = ddl.ident(f"p{len(self.one.links)}", self.one.column)
            joins = _joins(self.one)
            return (
                f"SELECT count(*) || ' ' || count(*) FILTER (WHERE {key}::text IS DISTINCT FROM $1) "
                f"FROM {self.table} AS t {joins}"
            )
        return f"SELECT count(*) || ' ' || count(*) FILTER (WHERE {self._foreign()}) FROM {self.table} AS t"

    def _foreign(self) -> str:
        column = self.columns[self.one.column]
        key, own = ddl.ident("t", column.name), f"$1::{self.key_type}"
        return f"{key} <> {own}" if self.survey.tenants.null_rows == "read" else f"{key} IS DISTINCT FROM {own}"

    def _lock(self) -> str:
        if not self.one.links:
            inner = f"SELECT FROM {self.table} AS t WHERE {self._foreign()}"
            return f"SELECT count(*)::text FROM ({inner} LIMIT 1 FOR UPDATE) AS q"
        link = self.one.links[0]
        pairs = zip(link.columns, self._foreign_values(), strict=True)
        same = " AND ".join(f"{ddl.ident('t', column)} = {value}" for column, value in pairs)
        inner = f"SELECT FROM {self.table} AS t WHERE {same} LIMIT 1 FOR UPDATE"
        return f"SELECT count(*)::text FROM ({inner}) AS q"

    # -- writing

    def _foreign_values(self) -> list[str]:
        """Of the columns that say whose a row is: another tenant's."""
        if not self.one.links:
            return [f"$2::{self.columns[self.one.column].type}"]
        at = ddl.literal(link_name(self.one))
        return [f"($3 -> {at} ->> {place})::{self.columns[name].type}" for place, name in enumerate(self.first)]

    def _insert(self, *, own: bool) -> str:
        columns = [one for one in self.columns.values() if one.insertable and not one.generated]
        routing = [one.name for one in columns if one.routes and one.name not in self.first]
        froms = []
        if routing:
            listed = ", ".join(map(ddl.ident, routing))
            froms.append(f"(SELECT {listed} FROM {self.table} LIMIT 1) AS o")
        values = self._foreign_values()
        if own and self.one.links:
            link = self.one.links[0]
            targets = ", ".join(map(ddl.ident, link.targets))
            froms.append(f"(SELECT {targets} FROM {ddl.ident(link.schema, link.table)} LIMIT 1) AS p")
            values = [ddl.ident("p", target) for target in link.targets]
        elif own:
            values = [f"$1::{self.columns[self.one.column].type}"]
        said = dict(zip(self.first, values, strict=True)) | {name: ddl.ident("o", name) for name in routing}
        listed = ", ".join(ddl.ident(one.name) for one in columns)
        filled = ", ".join(said.get(one.name, f"NULL::{one.type}") for one in columns)
        override = " OVERRIDING SYSTEM VALUE" if any(one.identity for one in columns) else ""
        source = f" FROM {', '.join(froms)}" if froms else ""
        return f"INSERT INTO {self.table} ({listed}){override} SELECT {filled}{source}"

    def _insert_unsafe(self) -> str:
        """Why no row is inserted, not even to see it refused; "" where it is safe."""
        if fires := self._fires("a"):
            return fires
        inserted = [one for one in self.columns.values() if one.insertable and not one.generated]
        if computed := self._computed():
            return computed
        if any(name not in {one.name for one in inserted} for name in self.first):
            return "tenants may not insert the key"
        if any(one.picky and one.name not in self.first for one in inserted):
            return "the domain of a column is asked before the policies"
        after = any("a" in code.commands for code in self.code)
        stopped = any(one.not_null and not one.routes and one.name not in self.first for one in inserted)
        return "a trigger would run" if after and not stopped else ""

    def _computed(self) -> str:
        """Why a key cannot be set; "" where it can."""
        made = any(self.columns[name].generated for name in self.first)
        return "its key is computed from other columns, and looked at when these are written" if made else ""

    def _fires(self, command: str) -> str:
        """What of the application's would run before a policy refuses."""
        for code in self.code:
            if command in code.commands and (code.what == "rule" or code.moment != "AFTER" or code.each == "STATEMENT"):
                return f"a {code.what} would run"
        return ""

    def _move(self) -> str:
        pairs = zip(self.first, self._foreign_values(), strict=True)
        sets = ", ".join(f"{ddl.ident(column)} = {value}" for column, value in pairs)
        row = f"(SELECT o.tableoid, o.ctid FROM {self.table} AS o LIMIT 1)"
        return f"UPDATE {self.table} AS t SET {sets} WHERE (t.tableoid, t.ctid) = {row}"


def link_name(one: Belonging) -> str:
    """By which the rows of others that a table may lead to are known."""
    return f"{one.ref.schema}.{one.ref.name}"


def _joins(one: Belonging) -> str:
    return joins(one).as_string()


# -- what the owner is asked


def truth(one: Belonging, survey: Survey, keys: Sequence[str]) -> str:
    """[key, rows] of these tenants."""
    key = ddl.ident(f"p{len(one.links)}" if one.links else "t", one.column)
    listed = f"(ARRAY[{', '.join(ddl.literal(each) for each in keys)}]::text[])::{ddl.type_name(survey.key_type)}[]"
    nobodys = "0"
    table = ddl.ident(one.ref.schema, one.ref.name)
    if survey.tenants.null_rows == "read" and one.kind == "own":
        nobodys = f"(SELECT count(*) FROM {table} AS n WHERE {ddl.ident('n', one.column)} IS NULL)"
    counted = (
        f"SELECT {key} AS key, count(*) AS rows FROM {table} AS t {_joins(one)} WHERE {key} = ANY ({listed}) GROUP BY 1"
    )
    wanted = f"SELECT u.key FROM unnest({listed}) AS u (key)"
    return (
        f"SELECT json_build_array(w.key::text, coalesce(c.rows, 0) + {nobodys}) "
        f"FROM ({wanted}) AS w LEFT JOIN ({counted}) AS c ON c.key = w.key"
    )


def others(one: Belonging) -> str:
    """[key, value …] of two tenants: what a row of a table that leads to them would hold."""
    link = one.links[0]
    rest = one._replace(links=one.links[1:])
    key = ddl.ident(f"p{len(rest.links)}" if rest.links else "t", one.column)
    source = f"FROM {ddl.ident(link.schema, link.table)} AS t {_joins(rest)}"
    values = ", ".join(f"{ddl.ident('t', target)}::text" for target in link.targets)
    row = f"SELECT json_build_array({key}::text, {values}) {source} WHERE"
    least = f"(SELECT {key} {source} WHERE {key} IS NOT NULL ORDER BY 1 LIMIT 1)"
    return f"({row} {key} = {least} LIMIT 1) UNION ALL ({row} {key} > {least} LIMIT 1)"


def all_keys(one: Belonging) -> tuple[str, str]:
    """How many rows there are, counted by themselves; [key, rows] of every key that there is."""
    key = ddl.ident(f"p{len(one.links)}" if one.links else "t", one.column)
    table = ddl.ident(one.ref.schema, one.ref.name)
    grouped = f"FROM {table} AS t {_joins(one)} WHERE {key} IS NOT NULL GROUP BY {key}"
    return (
        f"SELECT to_json(count(*)) FROM {table}",
        f"SELECT json_build_array({key}::text, count(*)) {grouped}",
    )
