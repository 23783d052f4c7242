"""The kinds of tables, and what makes one of a kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias, get_args

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
"""In words, in the order in which they are spoken of."""
assert tuple(KINDS) == get_args(TableKind)

APART: tuple[TableKind, ...] = ("root", "own", "through")
"""Those whose rows are told apart."""


class Belonging(NamedTuple):
    """What one table is to a tenant."""

    ref: ObjectRef
    kind: TableKind
    column: str = ""
    """The key: of the table itself, or of the last one on the way."""
    links: tuple[Link, ...] = ()
    why: str = ""
    decided: bool = False
    """The configuration says so."""

    def condition(self, schema: str, *, or_null: bool = False) -> Condition | None:
        """Which of its rows are a tenant's; None where rows are not told apart."""
        if self.kind in ("shared", "hidden"):
            return None
        return Condition(schema, self.column, self.links, or_null)


class Open(NamedTuple):
    """A table of which nobody has said yet what it is, and what it might be."""

    ref: ObjectRef
    why: str
    choices: tuple[Belonging, ...] = ()
    """The likeliest first."""
