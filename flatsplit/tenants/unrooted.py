"""Finds columns by which most tables say whose a row is, where no table says who these are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from flatsplit.model import Column, ObjectRef, Structure, Table
from flatsplit.tenants.candidates import CARRIED, KNOWN, Candidate, commonness
from flatsplit.tenants.prefixes import bare_names, names_of, plain
from flatsplit.tenants.similarity import DEEDS, split

_SURELY = frozenset({"tenant_id", "tenantid", "tenant"})
"""Names that mean the tenant also where they may be NULL."""
_PEOPLE = DEEDS | {"user", "owner", "person", "member", "parent", "external"}
"""Words in names of columns that say who did something, or which row is above, in however many tables they are."""
_MANY = 5
"""In so many tables at least a column has to be that is called like no table and like no common tenant."""


class Unrooted(NamedTuple):
    """A column name such as tenant_id that several tables have, or any other key that most of them have, where no table
    is known that it refers to.
    """

    column: str
    type: str
    tables: int
    table: ObjectRef
    """One of these tables."""
    root: ObjectRef
    """The table of tenants that a migration would have to make."""
    within: ObjectRef | None = None
    """A table of that name whose primary key is not that column alone, so that it cannot be the root."""
    nullable: int = 0
    """In so many of these tables it may be NULL."""

    def made(self, owner: str) -> Table:
        """Its ``root`` as such a migration makes it: the column is its primary key."""
        return Table(self.root, owner, (Column("id", self.type, not_null=True),), ("id",), unique_keys=(("id",),))

    def likelier(self, ranked: Sequence[Candidate]) -> bool:
        """Whether such a column tells more of tenants than the likeliest candidate: that has no common name for
        tenants, or fewer tables refer to it.
        """
        return not ranked or commonness(ranked[0].ref) == len(KNOWN) or self.tables > ranked[0].tables


def unrooted(structure: Structure, ranked: Sequence[Candidate]) -> list[Unrooted]:
    """Such columns, those that most tables have first.

    Left out: a column that fewer tables have than refer to a candidate with a common name for tenants, or less than a
    fifth as many as refer to any candidate (``ranked``).
    """
    most = max((one.tables for one in ranked), default=0)
    led = {name.lower() for one in ranked for name in one.columns}
    led |= {
        plain(table, fk.columns[0]).lower()
        for table in structure.tables.values()
        for fk in table.foreign_keys
        if len(fk.columns) == 1
    }
    called = {name for word in KNOWN for name in (f"{word}_id", f"{word}id")} | {"tenant", "namespace"}
    called |= _everywhere(structure, most)
    named: dict[str, list[tuple[ObjectRef, Column]]] = {}
    for table in structure.tables.values():
        declared = {name for fk in table.foreign_keys for name in fk.columns}
        for column in table.columns if not table.parent else ():
            name = plain(table, column.name).lower()
            meant = column.not_null or name in _SURELY
            if name in called and name not in led and meant and column.name not in declared:
                named.setdefault(name, []).append((table.ref, column))
    known = max((one.tables for one in ranked if commonness(one.ref) < len(KNOWN)), default=0)
    found = [
        Unrooted(
            some[0][1].name,
            some[0][1].type,
            len(some),
            first := min(ref for ref, _ in some),
            _new(first.schema, structure),
            _within(name, structure),
            sum(not column.not_null for _, column in some),
        )
        for name, some in named.items()
        if len(some) > 1 and len(some) >= known and len(some) * CARRIED >= most
    ]
    return sorted(found, key=lambda one: (-one.tables, one.column))


def _everywhere(structure: Structure, most: int) -> set[str]:
    """Names of keys, such as app_id, that are in at least half of all tables, never NULL, and in more of them than the
    ``most`` that refer to any candidate. No name of a person: who made a row is no tenant.
    """
    tables = [table for table in structure.tables.values() if not table.parent]
    often = Counter(
        name
        for table in tables
        for name in {plain(table, column.name) for column in table.columns if column.not_null}
        if (words := split(name))[-1] == "id" and len(words) > 1 and _PEOPLE.isdisjoint(words)
    )
    return {name.lower() for name, times in often.items() if times * 2 >= len(tables) and times > max(most, _MANY - 1)}


def _new(schema: str, structure: Structure) -> ObjectRef:
    """A name that no table has yet."""
    names = ("tenants", "all_tenants", "every_tenant")
    free = next((name for name in names if structure.get(schema, name) is None), names[-1])
    return ObjectRef("table", schema, free)


def _within(column: str, structure: Structure) -> ObjectRef | None:
    """A table that the column is named after and whose primary key is not that column alone: it has several columns,
    or the table has a number for its key and the column beside it, unique.
    """
    for ref, table in structure.tables.items():
        if table.parent or (table.primary_key[:1] == (column,) and len(table.primary_key) == 1):
            continue
        unique = any(len(key) == 1 and plain(table, key[0]).lower() == column for key in table.unique_keys)
        if (len(table.primary_key) > 1 or unique) and column in (
            *names_of(ref.name, structure),
            *bare_names(ref.name, structure),
        ):
            return ref
    return None
