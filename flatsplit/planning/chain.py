"""The walks of a database as one chain: what is wanted is live with the done steps of each, in the order they began.

A walk is planned within it: the others' steps are applied too, so that no fact of one is drift to another. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from flatsplit.config import Config
from flatsplit.model import SPLIT, State, StepRecord, StepState, WalkName
from flatsplit.planning import machine
from flatsplit.walks.kind import Kind, Moment


@dataclass(frozen=True)
class KeptWalk:
    """Another walk that is kept, under way or all done, at the same moment."""

    name: WalkName
    kind: Kind[Any]
    live: State
    baseline: State
    """What was first seen of whatever this walk changes."""
    config: Config
    records: Mapping[str, StepRecord]
    """Of each of its steps, in their order."""
    earlier: bool
    """It began before the walk that is spoken of."""
    began: datetime | None = None
    """When; None where nobody can tell."""

    @cached_property
    def states(self) -> dict[str, StepState]:
        """State of each of its steps."""
        return {key: record.state for key, record in self.records.items()}

    @cached_property
    def done(self) -> int:
        """How many of them are done from the start."""
        return machine.done_count(self.states)

    @cached_property
    def context(self) -> Any:
        """What its steps need."""
        return self.kind.context(Moment(self.live, self.baseline, self.config, self.states, self.name.subject))

    @property
    def under_way(self) -> bool:
        """Begun, and neither all done nor all taken back."""
        return machine.cutover_state(self.states) == "active"

    @property
    def begun(self) -> bool:
        """Whether it may have changed something."""
        return machine.last_step(self.states) is not None

    @property
    def broken_off(self) -> bool:
        """Whether part of its next step may be done."""
        key = machine.next_step(self.states)
        return key is not None and (self.states[key] == "running" or self.kind.step(key).in_part(self.context))

    @property
    def resting(self) -> frozenset[str]:
        """Roles that nobody is to use any more, as of its finished steps."""
        return frozenset(role for step in self.kind.steps[: self.done] for role in step.retires(self.context))

    @cached_property
    def roles(self) -> frozenset[str]:
        """Every role that it is about."""
        return roles(self.kind, self.context)

    @property
    def names(self) -> frozenset[str]:
        """Roles that it knows by their names, and that have to keep them: all that it is about, until it lets go."""
        over = machine.next_step(self.states) is None
        return self.roles - frozenset(self.kind.lets_go_of(self.context) if over else ())

    def lets_join(self, kind: Kind[Any], context: Any) -> bool:
        """Whether a walk may begin beside this one, the split: it manages none of its roles, and they are ready."""
        if self.name != SPLIT or not kind.joins or self.done < self.kind.place(kind.joins):
            return False
        return set(kind.subject(context)).isdisjoint(self.kind.subject(self.context))

    def stands_on(self, steps: Iterable[StepRecord]) -> bool:
        """Whether one of these steps of another walk was done when this one began."""
        if self.began is None:
            return True
        return any(step.finished_at is not None and step.finished_at <= self.began for step in steps)

    def through(self, state: State, more: int = 0) -> State:
        """What its done steps, and so many more, make of ``state``."""
        return self.kind.through(state, self.context, self.done + more)

    def shared(self, kind: Kind[Any], context: Any) -> tuple[str, ...]:
        """Roles that this or another walk manages, and the other speaks of too; two may stand on the same. Sorted."""
        ours, theirs = frozenset(self.kind.subject(self.context)), frozenset(kind.subject(context))
        return tuple(sorted(ours & roles(kind, context) | theirs & roles(self.kind, self.context)))


def roles(kind: Kind[Any], context: Any) -> frozenset[str]:
    """Those whose facts a walk manages, and those that it stands on."""
    return frozenset((*kind.subject(context), *kind.stands_on(context)))


def through_earlier(live: State, links: Iterable[KeptWalk], ahead: KeptWalk | None = None) -> State:
    """What those that began before make of the live State, one of them a step further."""
    for link in links:
        live = link.through(live, link is ahead) if link.earlier else live
    return live


def through_later(state: State, links: Iterable[KeptWalk], ahead: KeptWalk | None = None) -> State:
    """What those that began later make of a State."""
    for link in links:
        state = state if link.earlier else link.through(state, link is ahead)
    return state


def without_later(live: State, links: Sequence[KeptWalk]) -> State:
    """What ``live`` would be had those that began later done nothing."""
    for link in reversed(links):
        if not link.earlier and link.begun:
            begun = frozenset(key for key in link.kind.keys if machine.begun(link.states, key))
            live = link.kind.origin(live, link.context, begun)
    return live
