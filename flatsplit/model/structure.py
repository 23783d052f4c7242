"""What the catalog says of tables that is no fact of a State: columns, keys, indexes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from flatsplit.model.facts import ObjectRef


class Column(NamedTuple):
    """A column of a table."""

    name: str
    type: str
    """As format_type() prints it under a pinned search_path, without what is in brackets; for most domains the type
    that they are over.
    """
    not_null: bool
    builtin: bool = True
    """Whether the type is one of the server's own base types, and only equal values compare as equal."""
    collation: str = ""
    """One that is not the database's."""


class ForeignKey(NamedTuple):
    """A declared foreign key."""

    columns: tuple[str, ...]
    target: ObjectRef
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table, as far as a tenant is concerned."""

    ref: ObjectRef
    """A table or partitioned table."""
    owner: str
    columns: tuple[Column, ...] = ()
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    """Columns of unique indexes without a predicate, those of the primary key included."""
    leading: frozenset[str] = frozenset()
    """Columns that a usable index begins with."""
    parent: bool = False
    """A partition or inheritance child: it follows its parent, and nobody but the owner reaches it by itself."""
    rows: float = 0.0
    """As the planner believes."""
    sequences: tuple[ObjectRef, ...] = ()
    """Those that its columns take their values from."""
    shards: bool = False
    """Some of its rows lie in foreign tables."""
    inherits: tuple[tuple[str, str], ...] = ()
    """(schema, name) of the tables whose child it is, where it is no partition."""

    def column(self, name: str) -> Column | None:
        """The column of this name."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Structure:
    """The tables in scope by their names."""

    tables: Mapping[ObjectRef, Table] = field(default_factory=dict)
    keys: tuple[str, ...] | None = None
    """The keys of the tenants, as texts; None where nobody has looked."""
    worked_out: dict[object, object] = field(default_factory=dict, compare=False, repr=False)
    """What follows from the tables alone, by what it was worked out for: it goes along when the keys are others."""

    @cached_property
    def named(self) -> Mapping[tuple[str, str], Table]:
        """The same by (schema, name): a table is partitioned or not, and never both."""
        return {(ref.schema, ref.name): table for ref, table in self.tables.items()}

    @cached_property
    def referring(self) -> Mapping[tuple[str, ...], list[tuple[Table, ForeignKey]]]:
        """Foreign keys by the (schema, name) that they lead to, each with its table."""
        found: dict[tuple[str, ...], list[tuple[Table, ForeignKey]]] = {}
        for table in self.tables.values():
            for fk in table.foreign_keys:
                found.setdefault((fk.target.schema, fk.target.name), []).append((table, fk))
        return found

    def get(self, schema: str, name: str) -> Table | None:
        """The table of this name, whichever kind it is of."""
        return self.named.get((schema, name))
