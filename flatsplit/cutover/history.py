"""``history``: the journal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flatsplit.journal import ActionRecord, EventRecord

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def history(walk: Walk) -> Iterator[EventRecord | ActionRecord]:
    """Who did what, when, why; oldest first."""
    return walk.journal.history()
