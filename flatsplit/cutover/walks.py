"""The walks of a database, one line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flatsplit.cutover.situation import Situation
from flatsplit.gates import judge
from flatsplit.model import GateResult, WalkName
from flatsplit.planning import machine

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


@dataclass(frozen=True, slots=True)
class WalkView:
    """How far one walk is."""

    walk: WalkName
    state: str
    """active, complete or rolled_back."""
    done: int
    of: int
    next: str | None
    blocked_by: tuple[GateResult, ...] = ()
    """Closed gates of its next step."""


def walks(
    walk: Walk, situation: Situation, closed: tuple[GateResult, ...], *, judged: bool = True
) -> tuple[WalkView, ...]:
    """All that are kept, in the order in which they began. ``closed``: gates of this one, judged already.

    Without ``judged`` the gates of the others are not asked: they look for roles by their names.
    """
    found = []
    for record in walk.kept:
        one = situation.turned(record.walk)
        key = machine.next_step(one.states)
        if judged and one is not situation and key is not None:
            gates = judge(walk.asked(one, key), one.kind.step(key).gates)
            blocked = tuple(gate for gate in gates if not gate.passes)
        else:
            blocked = closed if one is situation else ()
        state = machine.cutover_state(one.states)
        found.append(WalkView(record.walk, state, one.done, len(one.kind.steps), key, blocked))
    return tuple(found)
