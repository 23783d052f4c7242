"""What a proof of isolation is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

EVENT = "proved"
"""Kind of the journal event that keeps what a proof found."""


class Breach(NamedTuple):
    """Something in the catalog by which a tenant could reach more than its own, or one of two locks that is open."""

    key: str
    subject: str
    what: str
    fix: str = ""
    """A statement, or what to do."""


class Hole(NamedTuple):
    """What no policy closes."""

    key: str
    subject: str
    what: str
    opens: bool = False
    """Rows of other tenants can be read or changed through it; else only that they are there can be told."""
    fix: str = ""
    """What closes it, where that is not for its owner to think of."""


class Failure(NamedTuple):
    """An act that came out otherwise than it must."""

    role: str
    table: str
    act: str
    what: str


@dataclass
class TableProof:
    """What was tried on one table, over all tenants tried."""

    table: str
    kind: str
    tried: int = 0
    """Tenants that looked."""
    equal: int = 0
    """Of these, those that saw as many rows as the owner counts for them, and no other."""
    rows: int = 0
    """Rows they saw."""
    refused: int = 0
    """Foreign acts that were refused."""
    untried: dict[str, int] = field(default_factory=dict)
    """Acts that could not be tried, by reason."""

    def left_out(self, why: str) -> None:
        """One act was not tried."""
        self.untried[why] = self.untried.get(why, 0) + 1


class Sums(NamedTuple):
    """Of one table, in one snapshot."""

    table: str
    total: int
    tenants: int
    """Rows of tenants that have a role."""
    nobodys: int
    roleless: int
    """Rows of keys without a role."""
    crossing: int
    """Rows that name one of another tenant's."""

    @property
    def ok(self) -> bool:
        """Whether every row is somebody's, and nobody's twice."""
        return self.total == self.tenants + self.nobodys + self.roleless


@dataclass(frozen=True)
class Proof:
    """All of it."""

    database: str
    server: str
    operator: str
    at: datetime
    lsn: str
    snapshot: str
    group: str
    tenants: int
    """Roles that are mapped to a tenant."""
    tried: tuple[str, ...]
    seed: int | None
    """Of the sample; None where all were tried."""
    digest: str
    """Of row-level security, policies, memberships, rights and tenants: any change of these makes the proof stale."""
    tables: tuple[TableProof, ...]
    breaches: tuple[Breach, ...]
    holes: tuple[Hole, ...]
    failures: tuple[Failure, ...]
    sums: tuple[Sums, ...] = ()
    unable: Mapping[str, str] = field(default_factory=dict)
    """Tenants as whom nothing could be tried, with the reason."""

    @property
    def open_holes(self) -> tuple[Hole, ...]:
        """Those through which rows can be reached."""
        return tuple(hole for hole in self.holes if hole.opens)

    @property
    def crossing(self) -> int | None:
        """Rows that name one of another tenant's; None where nobody counted."""
        return sum(one.crossing for one in self.sums) if self.sums else None

    @property
    def isolated(self) -> bool:
        """Whether nothing was found that speaks against it."""
        odd = [one for one in self.sums if not one.ok]
        return not (self.breaches or self.failures or self.unable or odd) and bool(self.tried)

    @property
    def clean(self) -> bool:
        """Whether there is no way around it either."""
        return self.isolated and not self.open_holes
