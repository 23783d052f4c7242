"""``history``: reads the journal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flatsplit.journal import ActionRecord, EventRecord

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def history(walk: Walk, *, everybody: bool = True) -> Iterator[EventRecord | ActionRecord]:
    """Who did what, when and why, of this walk or of all; oldest first."""
    return walk.journal.history(everybody=everybody)
