"""What a connection has read of many tables, so that its next look only reads what has changed since."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

import psycopg

from flatsplit.catalog.session import Look, Row
from flatsplit.model import Structure

MANY: Final = 500
"""With fewer tables or policies nothing is kept: reading them again takes no longer than asking whether
they changed.
"""

Expressions: TypeAlias = tuple[str, str]
"""USING and WITH CHECK of a policy; flatsplit's own conditions as flatsplit writes them."""


@dataclass
class Memory:
    """What one connection keeps. It is valid while the stamp is the same: no column, key, index, type or name has
    changed.
    """

    stamp: Row | None = None
    structures: dict[tuple[str, ...], Structure] = field(default_factory=dict)
    """By the schemas that were read."""
    said: dict[tuple[int, str], Expressions] = field(default_factory=dict)
    """By oid and xmin: a changed policy is another row."""
    asking: list[int] | None = None
    """The tables whose policies were printed when ``said`` was read."""

    def at(self, look: Look) -> Memory:
        """Itself, emptied where it is not valid any more."""
        stamp = look.ask("structure_stamp")[0]
        if stamp != self.stamp:
            self.stamp, self.asking = stamp, None
            self.structures.clear()
            self.said.clear()
        return self

    def expressions(self, asking: list[int]) -> dict[tuple[int, str], Expressions]:
        """The known policies, where the same tables are asked about as before."""
        if self.asking != asking:
            self.said.clear()
        self.asking = asking
        return self.said


_KEPT: WeakKeyDictionary[psycopg.Connection[Any], Memory] = WeakKeyDictionary()


def recall(look: Look) -> Memory | None:
    """What this connection has kept and is valid; None where it has kept nothing, which takes no query.

    It is not used inside a transaction of the caller's: two changes there have the same xmin.
    """
    kept = _KEPT.get(look.connection) if look.alone else None
    return kept.at(look) if kept is not None else None


def keep(look: Look, read: Collection[object]) -> Memory | None:
    """Where to keep what was ``read``, inside the same look; None where that is too little."""
    if len(read) < MANY or not look.alone:
        return None
    kept = _KEPT.setdefault(look.connection, Memory())
    return kept if kept.stamp is not None else kept.at(look)
