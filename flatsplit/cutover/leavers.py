"""Who is leaving, and who has left: persons of whom a walk ``leave`` is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.model import State, WalkName
from flatsplit.planning import machine
from flatsplit.walks import leave

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flatsplit.cutover.situation import Situation
    from flatsplit.cutover.walk import Walk


def seen_first(situation: Situation) -> dict[str, State]:
    """The persons who are leaving, each with what was first seen of them. What is theirs is handed over, and nothing of
    flatsplit.toml speaks of them much longer.
    """
    return {link.name.subject: link.context.baseline for link in situation.others if link.name.kind == leave.NAME}


def leavers(walk: Walk) -> dict[str, bool]:
    """For each person whose walk is kept, whether it is under way still; False where the person has left."""
    return {
        record.subject: machine.next_step({one.key: one.state for one in walk.journal.steps(record.id)}) is not None
        for record in walk.kept
        if record.kind == leave.NAME
    }


def back_again(walk: Walk, names: Iterable[str]) -> None:
    """These persons come back: what a complete walk did to their former roles is not wanted of the new ones."""
    for record in walk.kept:
        if record.walk in {WalkName(leave.NAME, name) for name in names}:
            walk.journal.of(record).end_cutover(record.id, "complete")
