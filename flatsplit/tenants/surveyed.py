"""What a survey found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flatsplit.config import Tenants
from flatsplit.model import ObjectRef, Structure, Table
from flatsplit.tenants.kinds import Belonging, Open, TableKind


@dataclass(frozen=True)
class Survey:
    """What is known of all tables in scope."""

    tenants: Tenants
    structure: Structure
    root: Table | None
    key_type: str
    """Of the root's primary key; "" where there is none."""
    belongings: Mapping[ObjectRef, Belonging]
    """Tables whose kind is known."""
    undecided: tuple[Open, ...]
    """Tables of which it has to be said."""
    wrong: tuple[str, ...] = ()
    """What the configuration says and the tables do not bear out, a line each."""

    @property
    def complete(self) -> bool:
        """Whether every table has its kind."""
        return self.root is not None and bool(self.key_type) and not self.undecided and not self.wrong

    def of_kind(self, *kinds: TableKind) -> list[Belonging]:
        """Those of these kinds, by name."""
        return sorted(one for one in self.belongings.values() if one.kind in kinds)
