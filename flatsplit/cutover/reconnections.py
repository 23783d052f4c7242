"""Which sessions of a role whose password changes in place have connected again: recorded, since sessions
come and go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flatsplit.cutover.which_walk import steps
from flatsplit.journal import CutoverRecord
from flatsplit.model import StepRecord
from flatsplit.walks import rotate
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def record_reconnections(walk: Walk) -> None:
    """Record who has connected again, for each walk that waits for it, inside the caller's transaction."""
    for record, change in _waiting(walk):
        if change.finished_at is None:
            continue
        # Seldom wanted, and it imports everything that reads logs
        from flatsplit.gates.known import EVENT, began, began_after, client_of, known, sessions

        journal = walk.journal.of(record)
        there = sessions(walk.session.driver, record.subject)
        again = [one for one in there if began_after(one, change.finished_at)]
        came = {client_of(one) for one in again} - known(journal)
        if came:
            latest = {one.client: one.backend_start for one in sorted(again, key=began)}
            details = {"clients": sorted(map(list, came)), "began": latest}
            message = f"{count(len(came), 'client')} of {record.subject} came again"
            journal.event(EVENT, rotate.RECONNECT, message, details)


def _waiting(walk: Walk) -> Iterator[tuple[CutoverRecord, StepRecord]]:
    """The rotations in place that are under way, each with the step that changes the password."""
    for record in walk.kept:
        if record.kind == rotate.NAME:
            records = steps(walk.journal, record, walk.config)[1]
            change, wait = (records.get(key) for key in rotate.IN_PLACE)
            if change is not None and wait is not None and wait.state != "done":
                yield record, change
