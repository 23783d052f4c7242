"""The result of a survey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flatsplit.config import Tenants
from flatsplit.model import ObjectRef, Structure, Table
from flatsplit.tenants.kinds import Belonging, Open, TableKind


@dataclass(frozen=True)
class Survey:
    """What each table in scope is to a tenant, as far as it is known."""

    tenants: Tenants
    structure: Structure
    root: Table | None
    key_type: str
    """The type of the root's primary key; "" where there is none."""
    belongings: Mapping[ObjectRef, Belonging]
    """Tables whose kind is known."""
    undecided: tuple[Open, ...]
    """Tables whose kind somebody has to decide."""
    wrong: tuple[str, ...] = ()
    """What the configuration says and does not fit the database, a line each."""

    @property
    def complete(self) -> bool:
        """Whether the kind of every table is known, and nothing in the configuration is wrong."""
        return self.root is not None and bool(self.key_type) and not self.undecided and not self.wrong

    @property
    def unread(self) -> ObjectRef | None:
        """The root, where its rows could not be read: then nobody knows which tenants have no role yet."""
        return self.root.ref if self.root is not None and self.structure.keys is None else None

    def of_kind(self, *kinds: TableKind) -> list[Belonging]:
        """The tables of these kinds, sorted by name."""
        return sorted(one for one in self.belongings.values() if one.kind in kinds)
