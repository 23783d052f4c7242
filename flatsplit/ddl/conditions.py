"""The condition of a policy that says which rows are a tenant's, and how it is recognised in what the server prints.

The server prints its own tree: with parentheses, casts to text that it added, and names of its own where ours was
taken. A condition that is one of ours is written in our words again, so that the wanted one and the found one are
compared as texts in every major (ruleutils.c). Any other condition stays as the server prints it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from psycopg import sql

from flatsplit.ddl.names import CACHED, ident
from flatsplit.tenants.condition import MAPPING, Condition, Link

_TOKEN = re.compile(r'\s*(?:"((?:[^"]|"")*)"|(\w+)|(::|[=,.()]))')
_CASTS = frozenset({"text", '"text"', "smallint", "integer", "bigint", "numeric", '"uuid"'})
"""Types that the server casts a column to in order to compare it: varchar, or a domain over one of these. No two values
become the same by such a cast; with another, such as name or date, they could.
"""
_ASKED = f'"{MAPPING}"'
"""Names that are in each of our conditions."""


def condition(value: Condition, table: str) -> str:
    """The condition for a policy on a table of this name."""
    return _condition(value, table if value.links or table == "r" else "")


@lru_cache(maxsize=CACHED)
def _condition(value: Condition, table: str) -> str:
    name = "r" if table != "r" else "r1"
    own = (
        sql.SQL("(SELECT {} FROM {} {} WHERE {} = CURRENT_USER)")
        .format(
            sql.Identifier(name, "tenant"),
            sql.Identifier(value.mapping, MAPPING),
            sql.Identifier(name),
            sql.Identifier(name, "role"),
        )
        .as_string(None)
    )
    if not value.links:
        text = f"{ident(value.column)} = {own}"
        return f"{text} OR {ident(value.column)} IS NULL" if value.or_null else text
    aliases = [_alias(place, table) for place in range(1, len(value.links) + 1)]
    froms = ", ".join(
        f"{ident(link.schema, link.table)} {ident(alias)}" for link, alias in zip(value.links, aliases, strict=True)
    )
    joins = []
    before = table
    for link, alias in zip(value.links, aliases, strict=True):
        joins += [
            f"{ident(alias, there)} = {ident(before, here)}"
            for here, there in zip(link.columns, link.targets, strict=True)
        ]
        before = alias
    return f"EXISTS (SELECT FROM {froms} WHERE {' AND '.join(joins)} AND {ident(before, value.column)} = {own})"


def own_row() -> str:
    """The condition on the table that maps roles to tenants: a role sees its own row."""
    return '("role" = CURRENT_USER)'


def _alias(place: int, table: str) -> str:
    """An alias that is not the name of the table, which is used inside as well."""
    return f"p{place}" if table != f"p{place}" else f"q{place}"


def canonical(text: str, table: str) -> str:
    """What the server printed (with quote_all_identifiers on), in our words where it is ours."""
    found = recognise(text, table)
    return condition(found, table) if found is not None else text


def recognise(text: str, table: str) -> Condition | None:
    """The condition in a text of the server's; None where it is not one of ours."""
    if _ASKED not in text:
        return None
    return _recognise(text, table if "EXISTS" in text else "")


@lru_cache(maxsize=CACHED)
def _recognise(text: str, table: str) -> Condition | None:
    """The same. The name of the table only matters on a path to other tables: thousands of tables have the same
    condition.
    """
    tokens = _tokens(text)
    return None if tokens is None else _Reader(tokens, table).condition()


def _tokens(text: str) -> list[str] | None:
    """The names (in quotes) and keywords of the text, without parentheses and without casts that change no
    value; None where it has others.
    """
    found: list[str] = []
    place, cast = 0, -1  # how many tokens there were before the last cast: one of a cast could lose digits
    text = text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            return None
        place = match.end()
        quoted, word, sign = match.groups()
        token = f'"{quoted}"' if quoted is not None else word or sign
        if found and found[-1] == "::":
            if token not in _CASTS or cast == len(found) - 1:
                return None
            found.pop()
            cast = len(found)
        elif token not in "()":
            found.append(token)
    return found


class _Reader:
    """Parses one condition from the tokens; anything unexpected ends it."""

    def __init__(self, tokens: Sequence[str], table: str) -> None:
        self._tokens = tokens
        self._table = table
        self._place = 0

    def condition(self) -> Condition | None:
        try:
            found = self._through() if self._at("EXISTS") else self._own()
        except (ValueError, IndexError):
            return None
        return found if self._place == len(self._tokens) else None

    def _at(self, *words: str) -> bool:
        return tuple(self._tokens[self._place : self._place + len(words)]) == words

    def _take(self, *words: str) -> None:
        if not self._at(*words):
            raise ValueError
        self._place += len(words)

    def _name(self) -> str:
        token = self._tokens[self._place]
        if not token.startswith('"'):
            raise ValueError
        self._place += 1
        return token[1:-1].replace('""', '"')

    def _dotted(self) -> tuple[str, str]:
        first = self._name()
        self._take(".")
        return first, self._name()

    def _own(self) -> Condition:
        column = self._name()
        self._take("=")
        mapping = self._mapping()
        or_null = self._at("OR")
        if or_null:
            self._take("OR")
            if self._name() != column:
                raise ValueError
            self._take("IS", "NULL")
        return Condition(mapping, column, or_null=or_null)

    def _mapping(self) -> str:
        """Parses the scalar subselect; returns the schema of its table."""
        self._take("SELECT")
        alias, column = self._dotted()
        self._take("FROM")
        schema, table = self._dotted()
        named = self._name()
        self._take("WHERE")
        whose = self._dotted()
        self._take("=", "CURRENT_USER")
        if (column, table, named, whose) != ("tenant", MAPPING, alias, (alias, "role")):
            raise ValueError
        return schema

    def _through(self) -> Condition:
        self._take("EXISTS", "SELECT", "FROM")
        tables = [(*self._dotted(), self._name())]
        while self._at(","):
            self._take(",")
            tables.append((*self._dotted(), self._name()))
        self._take("WHERE")
        pairs: dict[str, list[tuple[str, str]]] = {}
        before = {
            alias: ([self._table, *(one[2] for one in tables)])[place] for place, (_, _, alias) in enumerate(tables)
        }
        while True:
            alias, there = self._dotted()
            self._take("=")
            if self._at("SELECT"):
                mapping = self._mapping()
                break
            owner, here = self._dotted()
            if before.get(alias) != owner:
                raise ValueError
            pairs.setdefault(alias, []).append((here, there))
            self._take("AND")
        if alias != tables[-1][2] or pairs.keys() != before.keys():
            raise ValueError
        links = tuple(
            Link(schema, name, tuple(here for here, _ in pairs[each]), tuple(there for _, there in pairs[each]))
            for schema, name, each in tables
        )
        return Condition(mapping, there, links)
