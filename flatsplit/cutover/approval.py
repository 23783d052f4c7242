"""Who approved which plan, and whether what would run is still what was approved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flatsplit.journal import EventRecord
from flatsplit.model.report import Approved

EVENT = "approved"
"""Kind of the journal event that keeps an approval."""


def found(events: Iterable[EventRecord]) -> Iterator[Approved]:
    """The approvals among these events, oldest first."""
    for event in events:
        if event.kind == EVENT:
            said = event.details
            yield Approved(
                event.step or "",
                str(said.get("digest", "")),
                str(said.get("by", "")),
                str(said.get("ticket", "")),
                event.at,
                event.db_user,
            )
