"""Which step is next, which may be taken back, and what a plan's digest is. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

from flatsplit.model import Statement, StepState, Target, alike

_UNTOUCHED = ("pending", "rolled_back")


def next_step(states: Mapping[str, StepState]) -> str | None:
    """The first step that is not done; None when all are."""
    return next((key for key, state in states.items() if state != "done"), None)


def last_step(states: Mapping[str, StepState]) -> str | None:
    """The last step that was begun: the one that ``rollback`` takes back."""
    return next((key for key in reversed(list(states)) if states[key] not in _UNTOUCHED), None)


def done_count(states: Mapping[str, StepState]) -> int:
    """How many steps are done from the start without a gap."""
    return next((place for place, state in enumerate(states.values()) if state != "done"), len(states))


def begun(states: Mapping[str, StepState], key: str) -> bool:
    """Whether a step may have changed something."""
    return states[key] not in _UNTOUCHED


def to_take_back(states: Mapping[str, StepState], through: str | None, *, everything: bool) -> tuple[str, ...]:
    """The steps that a rollback goes through, last one first; empty when there is nothing to take back."""
    last = last_step(states)
    if last is None:
        return ()
    keys = list(states)
    first = 0 if everything else keys.index(through or last)
    return tuple(key for key in reversed(keys[first : keys.index(last) + 1]) if begun(states, key))


def cutover_state(states: Mapping[str, StepState]) -> str:
    """``complete`` when every step is done, ``rolled_back`` when all that was begun went back, else ``active``."""
    if all(state == "done" for state in states.values()):
        return "complete"
    if all(state in _UNTOUCHED for state in states.values()) and "rolled_back" in states.values():
        return "rolled_back"
    return "active"


def digest(target: Target, legacy: str, legacy_oid: int, step: str, statements: Iterable[Statement]) -> str:
    """A fingerprint of where a plan applies and which facts it changes; the same however the work is cut up."""
    facts: dict[tuple[str, str, str], set[str]] = {}
    for statement in statements:
        for change in alike(statement.changes):
            facts.setdefault((change.side, change.fact, change.detail), set()).update(change.subjects)
    identity: Sequence[object] = (
        target.system_identifier,
        target.database_oid,
        target.database,
        legacy,
        legacy_oid,
        step,
    )
    changes = [(*key, sorted(facts[key])) for key in sorted(facts)]
    return hashlib.sha256(json.dumps([identity, changes]).encode()).hexdigest()[:16]
