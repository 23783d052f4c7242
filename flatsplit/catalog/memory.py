"""What a connection has read of many tables, so that another look at them asks only for what has changed since."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

import psycopg

from flatsplit.catalog.session import Look, Row
from flatsplit.model import Structure

MANY: Final = 500
"""Of fewer tables or policies nothing is kept: to ask again takes no longer than to ask whether."""

Expressions: TypeAlias = tuple[str, str]
"""USING and WITH CHECK of a policy, in our words where they are ours."""


@dataclass
class Memory:
    """Of one connection. It holds as long as the stamp is the same: no column, key, index, type or name has changed."""

    stamp: Row | None = None
    structures: dict[tuple[str, ...], Structure] = field(default_factory=dict)
    """By the schemas that were asked for."""
    said: dict[tuple[int, str], Expressions] = field(default_factory=dict)
    """By oid and xmin: a policy that is changed is another row."""
    asking: list[int] | None = None
    """The tables whose policies are printed, when ``said`` was read."""

    def at(self, look: Look) -> Memory:
        """Itself, emptied where it does not hold any more."""
        stamp = look.ask("structure_stamp")[0]
        if stamp != self.stamp:
            self.stamp, self.asking = stamp, None
            self.structures.clear()
            self.said.clear()
        return self

    def expressions(self, asking: list[int]) -> dict[tuple[int, str], Expressions]:
        """What is known of policies, where the same tables are asked about as before."""
        if self.asking != asking:
            self.said.clear()
        self.asking = asking
        return self.said


_KEPT: WeakKeyDictionary[psycopg.Connection[Any], Memory] = WeakKeyDictionary()


def recall(look: Look) -> Memory | None:
    """What this connection knows and is still so; None where it has kept nothing, which costs no question.

    Nor does it know anything inside a transaction of the caller's: what that changes, and changes again, has one xmin.
    """
    kept = _KEPT.get(look.connection) if look.alone else None
    return kept.at(look) if kept is not None else None


def keep(look: Look, read: Collection[object]) -> Memory | None:
    """Where to put what was ``read``; None where that is too little. Inside the look in which it was read."""
    if len(read) < MANY or not look.alone:
        return None
    kept = _KEPT.setdefault(look.connection, Memory())
    return kept if kept.stamp is not None else kept.at(look)
