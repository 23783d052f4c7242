"""The kinds of tables, and the kind of one table with what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias, get_args

from flatsplit.config import format_name
from flatsplit.model import ObjectRef
from flatsplit.tenants.condition import Condition, Link

TableKind: TypeAlias = Literal["root", "own", "through", "shared", "hidden"]

KINDS: Mapping[TableKind, str] = {
    "root": "one row per tenant, whose primary key is the key",
    "own": "a column of its own says whose a row is",
    "through": "a foreign key leads to the row that says whose it is",
    "shared": "everybody's: tenants read it whole",
    "hidden": "nobody's business: tenants have no right on it",
}
"""The kinds in words, in the order in which they are listed."""
assert tuple(KINDS) == get_args(TableKind)

APART: tuple[TableKind, ...] = ("root", "own", "through")
"""The kinds of tables whose rows each belong to a tenant."""


class Belonging(NamedTuple):
    """The kind of one table, and how its rows lead to the tenant's key."""

    ref: ObjectRef
    kind: TableKind
    column: str = ""
    """The column that holds the tenant's key: of the table itself, or of the last table in ``links``."""
    links: tuple[Link, ...] = ()
    why: str = ""
    decided: bool = False
    """The configuration says so."""

    def condition(self, schema: str, *, or_null: bool = False) -> Condition | None:
        """The condition for a tenant's rows; None for shared and hidden tables. ``schema`` is the mapping's."""
        if self.kind in ("shared", "hidden"):
            return None
        return Condition(schema, self.column, self.links, or_null)

    def straightened(self) -> tuple[str, tuple[Link, ...]]:
        """``column`` and ``links`` without the tables that are passed by columns which are here as well.

        (catalog_id, host_id) refers to a host, whose catalog_id refers to a catalog: it is this row's catalog. Two ways
        that come out equal lead to the same tenant, whatever the rows are, if no column of them is NULL: where one is,
        the server does not check the others (MATCH SIMPLE).
        """
        column, links = self.column, self.links
        while links:
            first, *rest = links
            further = rest[0].columns if rest else (column,)
            if not set(further) <= set(first.targets):
                break
            here = tuple(first.columns[first.targets.index(name)] for name in further)
            if not rest:
                return here[0], ()
            links = (rest[0]._replace(columns=here), *rest[1:])
        return column, links


class Open(NamedTuple):
    """A table whose kind somebody has to decide, and what it could be."""

    ref: ObjectRef
    why: str
    choices: tuple[Belonging, ...] = ()
    """The likeliest first."""
    after: ObjectRef | None = None
    """Once the kind of this table is said, nothing may have to be said of the other any more."""


def following(ref: ObjectRef, first: ObjectRef) -> Open:
    """The question about a table that goes where another one goes, about which somebody is asked."""
    said = f"follows from {format_name(first.schema, first.name)}, of which it has to be said first"
    return Open(ref, said, after=first)
