"""The states of steps: which follows which, which step is next, which may be rolled back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from flatsplit.model import UNTOUCHED, StepState

Move: TypeAlias = Literal["hold", "begin", "stop", "finish", "turn back", "give back"]


class Transition(NamedTuple):
    """A move of a step from one state to another. The journal refuses it where the step is in none of the states
    ``before``.
    """

    before: tuple[StepState, ...]
    after: StepState


TRANSITIONS: Mapping[Move, Transition] = {
    "hold": Transition(("pending", "rolled_back", "running"), "waiting"),
    "begin": Transition(("pending", "rolled_back", "waiting", "running"), "running"),
    "stop": Transition(("running",), "waiting"),
    "finish": Transition(("running",), "done"),
    "turn back": Transition(("done", "waiting", "running"), "running"),
    "give back": Transition(("running",), "rolled_back"),
}
"""Every way in which a step gets from one state to another. Killed in between, it stays in the state before."""

WHEN: Mapping[Move, str] = {
    "hold": "`next` finds one of its gates closed",
    "begin": "`next` begins it, or goes on with it",
    "stop": "a lock did not come in `retry_for`, or something appeared that nobody approved; what was done stays",
    "finish": "nothing is left of what it wants",
    "turn back": "`rollback` begins to take it back, or goes on with that",
    "give back": "nothing of it is left",
}
"""For people: :func:`flatsplit.render.states.render_states`."""

RESTING: tuple[StepState, ...] = (*UNTOUCHED, "done")
"""Nobody works on the step: what is done next begins a new time of its own."""
ENDED: tuple[StepState, ...] = ("done", "rolled_back")
"""That time is over."""


def next_step(states: Mapping[str, StepState]) -> str | None:
    """The first step that is not done; None when all are."""
    return next((key for key, state in states.items() if state != "done"), None)


def last_step(states: Mapping[str, StepState]) -> str | None:
    """The last step that was begun, which is the one that ``rollback`` takes back; None where none was."""
    return next((key for key in reversed(list(states)) if states[key] not in UNTOUCHED), None)


def done_count(states: Mapping[str, StepState]) -> int:
    """How many steps are done, counted from the first without a gap."""
    return next((place for place, state in enumerate(states.values()) if state != "done"), len(states))


def begun(states: Mapping[str, StepState], key: str) -> bool:
    """Whether a step may have changed something."""
    return states[key] not in UNTOUCHED


def to_take_back(states: Mapping[str, StepState], through: str | None, *, everything: bool) -> tuple[str, ...]:
    """The steps that a rollback takes back, the last one first; empty when there is nothing to take back."""
    last = last_step(states)
    if last is None:
        return ()
    keys = list(states)
    first = 0 if everything else keys.index(through or last)
    return tuple(key for key in reversed(keys[first : keys.index(last) + 1]) if begun(states, key))


def cutover_state(states: Mapping[str, StepState]) -> str:
    """``complete`` when every step is done, ``rolled_back`` when every step that was begun was rolled back, else
    ``active``.
    """
    if all(state == "done" for state in states.values()):
        return "complete"
    if all(state in UNTOUCHED for state in states.values()) and "rolled_back" in states.values():
        return "rolled_back"
    return "active"
