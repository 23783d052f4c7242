"""The walks of a database as one chain: the wanted State is live, changed by the done steps of each walk in the order
in which the walks began.

A walk is planned within that chain. The other walks' steps are applied too, so that what one walk did is no drift to
another. Pure.
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
    """Another walk that the journal keeps, under way or complete, as it is at the same moment."""

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
        """The state of each of its steps."""
        return {key: record.state for key, record in self.records.items()}

    @cached_property
    def done(self) -> int:
        """How many steps are done, counted from the first without a gap."""
        return machine.done_count(self.states)

    @cached_property
    def context(self) -> Any:
        """The context that its steps are given."""
        return self.kind.context(Moment(self.live, self.baseline, self.config, self.states, self.name.subject))

    @property
    def under_way(self) -> bool:
        """Whether it was begun and is neither complete nor rolled back."""
        return machine.cutover_state(self.states) == "active"

    @property
    def begun(self) -> bool:
        """Whether it may have changed something."""
        return machine.last_step(self.states) is not None

    @property
    def broken_off(self) -> bool:
        """Whether its next step may have run in part."""
        key = machine.next_step(self.states)
        return key is not None and (self.states[key] == "running" or self.kind.step(key).in_part(self.context))

    @property
    def resting(self) -> frozenset[str]:
        """Roles that nobody is meant to use any more, according to its finished steps."""
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
        """Whether another walk may begin while this one, the split, is under way: they manage no role in common, and
        the roles it stands on are ready.
        """
        if self.name != SPLIT or not kind.joins or self.done < self.kind.place(kind.joins):
            return False
        return set(kind.subject(context)).isdisjoint(self.kind.subject(self.context))

    def stands_on(self, steps: Iterable[StepRecord]) -> bool:
        """Whether one of these ``steps`` of another walk was done when this walk began."""
        if self.began is None:
            return True
        return any(step.finished_at is not None and step.finished_at <= self.began for step in steps)

    def through(self, state: State, *, further: bool = False) -> State:
        """The State that its done steps make of ``state``; with ``further`` also the one after them."""
        return self.kind.through(state, self.context, self.done + 1 if further else self.done)

    def shared(self, kind: Kind[Any], context: Any) -> tuple[str, ...]:
        """Roles, sorted, that one of two walks manages and the other manages or stands on. Two walks may stand on the
        same.
        """
        ours, theirs = frozenset(self.kind.subject(self.context)) & self.names, frozenset(kind.subject(context))
        return tuple(sorted(ours & roles(kind, context) | theirs & self.names))


def roles(kind: Kind[Any], context: Any) -> frozenset[str]:
    """Roles that a walk manages and those that it stands on."""
    return frozenset((*kind.subject(context), *kind.stands_on(context)))


def only_under_way(states: Mapping[str, StepState], others: Iterable[KeptWalk]) -> bool:
    """Whether the walk with these states is under way and no other one is: it need not be named then."""
    return machine.cutover_state(states) == "active" and not any(other.under_way for other in others)


def later(links: Iterable[KeptWalk], kind: Kind[Any], context: Any) -> list[KeptWalk]:
    """The walks over the same roles that began later than one of this ``kind``."""
    return [link for link in links if not link.earlier and link.begun and link.shared(kind, context)]


def explained(links: Iterable[KeptWalk], kind: Kind[Any], context: Any) -> dict[tuple[str, str], str]:
    """The tables of which one of these walks, or that of this ``kind``, wants something else than is there though
    nobody changed a fact of it: see :attr:`Kind.explains`.
    """
    theirs = {table: why for link in links for table, why in link.kind.explains(link.context).items()}
    return {**theirs, **kind.explains(context)}


def alike(links: Iterable[KeptWalk], kind: Kind[Any], context: Any) -> dict[str, str]:
    """The roles that one of these walks, or that of this ``kind``, keeps like another one: see :attr:`Kind.alike`."""
    theirs = {one: other for link in links for one, other in link.kind.alike(link.context).items() if link.done}
    return {**theirs, **kind.alike(context)}


def following(links: Iterable[KeptWalk], kind: Kind[Any], context: Any, live: State) -> list[KeptWalk]:
    """The walks whose steps are applied again to what a rollback of one of this ``kind`` leaves.

    These are the :func:`later` ones, and those over other roles: a policy that names all roles with rights on its table
    changes with these rights. Not those of which something has drifted: a rollback brings back nothing that somebody
    else has taken.
    """

    def holds(link: KeptWalk) -> bool:
        return link.begun and not link.shared(kind, context) and link.through(live) == live

    links = list(links)
    over = {link.name for link in later(links, kind, context)}
    return [link for link in links if link.name in over or holds(link)]


def through(state: State, links: Iterable[KeptWalk]) -> State:
    """The State that these walks make of ``state``."""
    for link in links:
        state = link.through(state)
    return state


def through_earlier(live: State, links: Iterable[KeptWalk], ahead: KeptWalk | None = None) -> State:
    """The State that the walks before this one make of the live State. ``ahead``: one of them that is taken a step
    further.
    """
    for link in links:
        live = link.through(live, further=link is ahead) if link.earlier else live
    return live


def through_later(state: State, links: Iterable[KeptWalk], ahead: KeptWalk | None = None) -> State:
    """The State that the walks after this one make of ``state``."""
    for link in links:
        state = state if link.earlier else link.through(state, further=link is ahead)
    return state


def without_later(live: State, links: Sequence[KeptWalk]) -> State:
    """What the live State would be if the walks after this one had done nothing."""
    for link in reversed(links):
        if not link.earlier and link.begun:
            begun = frozenset(key for key in link.kind.keys if machine.begun(link.states, key))
            live = link.kind.origin(live, link.context, begun)
    return live
