"""``history``: reads the journal."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flatsplit.errors import UsageError
from flatsplit.journal import ActionRecord, EventRecord
from flatsplit.model import WalkName

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def history(walk: Walk, name: WalkName | None = None) -> Iterator[EventRecord | ActionRecord]:
    """Who did what, when and why, in all walks or those of this ``name``, with those that have gone back; oldest first.

    Raises UsageError where there has been none of that name.
    """
    if name is None:
        return walk.journal.history()
    there = walk.journal.cutovers()
    found = [walk.journal.of(record).history(everybody=False) for record in there if record.walk == name]
    if not found:
        names = ", ".join(dict.fromkeys(str(record.walk) for record in there))
        raise UsageError(f"there has been no walk {name} here", f"there has been {names}")
    return heapq.merge(*found, key=lambda record: record.at)
