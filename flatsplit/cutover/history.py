"""``history``: the journal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flatsplit.journal import ActionRecord, EventRecord

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def history(walk: Walk, *, everybody: bool = True) -> Iterator[EventRecord | ActionRecord]:
    """Who did what, when, why, in all walks or in this one; oldest first."""
    return walk.journal.history(everybody=everybody)
