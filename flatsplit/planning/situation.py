"""One moment of a walk: the live State, the baseline, and the steps that the journal knows as done. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Generic

from flatsplit.config import Config
from flatsplit.differ import diff, size
from flatsplit.differ.opposites import without_opposed
from flatsplit.model import SPLIT, Finding, Plan, State, Statement, StepRecord, StepState, WalkName
from flatsplit.planning import chain, machine
from flatsplit.planning.chain import KeptWalk
from flatsplit.planning.digest import digest
from flatsplit.walks import marks, used_elsewhere
from flatsplit.walks.kind import C, Kind, Moment
from flatsplit.walks.later_grants import keep_extras
from flatsplit.walks.removed_roles import forgotten, handed_on, without_roles


@dataclass(frozen=True)
class Situation(Generic[C]):
    """All that plans are made from."""

    kind: Kind[C]
    live: State
    baseline: State
    config: Config
    records: Mapping[str, StepRecord]
    """Of each step, in their order."""
    legacy_oid: int = 0
    """Legacy's oid as of ``init``: a role of the same name that came later is another one."""
    name: WalkName = SPLIT
    others: tuple[KeptWalk, ...] = ()
    """The other walks that are kept, in the order in which they began."""
    began: datetime | None = None
    """When this walk did; None where nobody can tell."""
    _seen_from: Situation[Any] | None = field(default=None, init=False, compare=False, repr=False)
    """The same moment from where another walk is, which wants the same of all done steps. replace() parts them."""

    def typed(self, verb: str) -> str:
        """A command about this walk as it is typed: with ``--walk`` wherever it would be refused without."""
        return self.name.typed(verb, several=self.several)

    @property
    def several(self) -> bool:
        """Whether a command without ``--walk`` would not be taken to be about this walk."""
        return bool(self.others) and not chain.only_under_way(self.states, self.others)

    @cached_property
    def states(self) -> dict[str, StepState]:
        """The state of each step by its key."""
        return {key: record.state for key, record in self.records.items()}

    @cached_property
    def done(self) -> int:
        """How many steps are done, counted from the first without a gap."""
        return machine.done_count(self.states)

    @property
    def finished(self) -> int:
        """How many steps of all kept walks are done: these are what drift is measured against."""
        return self.done + sum(link.done for link in self._links)

    @property
    def resting(self) -> frozenset[str]:
        """Roles that nobody is meant to use any more, according to the finished steps of all walks."""
        theirs = (role for link in self._links for role in link.resting)
        ours = (role for step in self.kind.steps[: self.done] for role in step.retires(self.context))
        return frozenset((*ours, *theirs))

    @cached_property
    def _moment(self) -> Moment:
        return Moment(self.live, self.baseline, self.config, self.states, self.name.subject)

    @cached_property
    def context(self) -> C:
        """The context that steps are planned with."""
        return self.kind.context(self._moment)

    @cached_property
    def _backward(self) -> C:
        return self.kind.backward(self._moment)

    @cached_property
    def origin(self) -> State:
        """The live State with everything undone that this walk did."""
        begun = frozenset(key for key in self.kind.keys if self.entered(key) or self._by_hand(key))
        return self.kind.origin(self.live, self.context, begun)

    def entered(self, step: str) -> bool:
        """Whether the step may have changed something. One that has only waited at its gates has no digest.

        Such a step has not locked legacy, for example: if legacy is NOLOGIN then, another database's walk did it.
        """
        record = self.records[step]
        if record.state in ("waiting", "running") and not record.digest:
            return False
        return machine.begun(self.states, step)

    def _by_hand(self, step: str) -> bool:
        """Whether somebody ran the SQL file of the next step by hand, so that the journal does not know of it."""
        return self.done == self.kind.place(step) - 1 and self.kind.step(step).by_hand(self.live, self.context)

    @cached_property
    def _links(self) -> tuple[KeptWalk, ...]:
        return tuple(link if link.live is self.live else replace(link, live=self.live) for link in self.others)

    @cached_property
    def _own(self) -> list[State]:
        """The States after no, one, two … of this walk's steps; the walks before it are applied first."""
        return [chain.through_earlier(self.live, self._links)]

    def recall(self, former: Situation[Any]) -> None:
        """Take over from a ``former`` moment with the very same live State what the walks before this one make of it:
        computing that takes a look at every object.
        """
        mine, theirs = ([link for link in one._links if link.earlier] for one in (self, former))
        if self.live is former.live and mine == theirs and "_own" in former.__dict__:
            self.__dict__["_own"] = former._own[:1]

    @cached_property
    def _desired(self) -> dict[int, State]:
        return {}

    def desired(self, count: int) -> State:
        """The live State after the first ``count`` steps of this walk and the done steps of all other walks."""
        if self._seen_from is not None and count == self.done:
            return self._seen_from.desired(self._seen_from.done)
        if count not in self._desired:
            self._desired[count] = chain.through_later(self._after(count), self._links)
        return self._desired[count]

    def _after(self, count: int) -> State:
        """The same without the walks that began later."""
        while len(self._own) <= count:
            self._own.append(self.kind.steps[len(self._own) - 1].apply(self._own[-1], self.context))
        return self._own[count]

    @cached_property
    def drift(self) -> tuple[Statement, ...]:
        """The statements that the finished steps of all walks want and that live does not have (any more).

        Not those that the next step, where it has run in part, has reversed already: these must not be done and undone
        again.
        """
        found = self._less(diff(self.live, self.desired(self.done)))
        if not found or self.done == len(self.kind.steps) or not self._broken_off(self.kind.steps[self.done].key):
            return found
        return without_opposed(found, self.forward(self.kind.steps[self.done].key))

    def _less(self, found: tuple[Statement, ...]) -> tuple[Statement, ...]:
        """``found`` without what a partly run step of another walk has reversed."""
        for link in self._links if found else ():
            if link.broken_off:
                before = chain.through_earlier(self.live, self._links, link) if link.earlier else self._own[0]
                ahead = chain.through_later(self.kind.through(before, self.context, self.done), self._links, link)
                found = without_opposed(found, diff(self.desired(self.done), ahead))
        return found

    def beside(self) -> KeptWalk | None:
        """A walk over the same roles that is under way, so that this one may not begin; None where there is none."""
        over = (link for link in self._links if link.under_way and self.shared(link))
        return next((link for link in over if not link.lets_join(self.kind, self.context)), None)

    def above(self, keys: Collection[str] | None = None, but: Collection[WalkName] = ()) -> KeptWalk | None:
        """The last of the later walks that stand on what these ``keys`` (None: all) made: it is rolled back first."""
        steps = [self.records[key] for key in (self.records if keys is None else keys)]
        over = (link for link in reversed(chain.later(self._links, self.kind, self.context)) if link.name not in but)
        return next((link for link in over if link.stands_on(steps)), None)

    def turned(self, name: WalkName) -> Situation[Any]:
        """The same moment as another walk sees it. KeyError where no walk of this name is kept."""
        if name == self.name:
            return self
        mine = KeptWalk(
            self.name, self.kind, self.live, self.baseline, self.config, self.records, earlier=False, began=self.began
        )
        before = sum(link.earlier for link in self._links)
        order = (*self._links[:before], mine, *self._links[before:])
        places = {link.name: place for place, link in enumerate(order)}
        place = places[name]
        one = order[place]
        others = tuple(replace(link, earlier=at < place) for at, link in enumerate(order) if at != place)
        there = Situation(
            one.kind, self.live, one.baseline, one.config, one.records, self.legacy_oid, one.name, others, one.began
        )
        object.__setattr__(there, "_seen_from", self)
        return there

    def shared(self, link: KeptWalk) -> tuple[str, ...]:
        """Roles that both this walk and another one manage or stand on."""
        return link.shared(self.kind, self.context)

    def _broken_off(self, step: str) -> bool:
        """Whether the step may have run in part: it was killed, or somebody has begun its SQL file."""
        return self.states[step] == "running" or self.kind.step(step).in_part(self.context)

    def remaining(self, step: str) -> tuple[Statement, ...]:
        """The statements that the steps up to and including this one still want."""
        return self._less(diff(self.live, self.desired(self.kind.place(step))))

    def plan(self, step: str) -> Plan:
        """The plan of a step: of the next one with the catch-up before it, of a later one as if those before it were
        done.

        Of a step that is done, its part of the drift, without what a later step has reversed since.
        """
        place = self.kind.place(step)
        catch_up: tuple[Statement, ...] = ()
        statements = self.forward(step)
        if place <= self.done:
            wanted = {each.sql for each in self.drift}
            statements = tuple(each for each in statements if each.sql in wanted)
        elif place == self.done + 1:
            catch_up = self.drift
            if statements and self._broken_off(step):
                catch_up, statements = self._rest(step, catch_up)
            elif catch_up and statements and not self.remaining(step):
                # Done by hand: what this step has taken away must not come back as the catch-up of an earlier one
                catch_up, statements = (), self._epilogue(step)
        digest = self._digest(step, (*catch_up, *statements))
        return Plan(step, digest, catch_up, statements, self._staying(step, place - 1, place, Situation.desired))

    def _rest(self, step: str, catch_up: tuple[Statement, ...]) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
        """The catch-up and the statements of a step that has run in part, without those that have run already."""
        early = {each.sql for each in catch_up}
        remaining = self.remaining(step)
        statements = tuple(each for each in remaining if each.sql not in early)
        return tuple(each for each in remaining if each.sql in early), (*statements, *self._epilogue(step))

    def forward(self, step: str) -> tuple[Statement, ...]:
        """The statements that a step adds, as if those before it were done and nothing had drifted."""
        place = self.kind.place(step)
        return (*diff(self.desired(place - 1), self.desired(place)), *self._epilogue(step))

    def pending(self, step: str) -> int:
        """How many statements :meth:`forward` has."""
        place = self.kind.place(step)
        if place == self.done + 1 and self._broken_off(step):
            return len(self.plan(step).statements)
        return size(self.desired(place - 1), self.desired(place)) + len(self._epilogue(step))

    def _digest(self, what: str, statements: tuple[Statement, ...]) -> str:
        return digest(self.live.target, self.config.legacy_role, self.legacy_oid, what, statements, self.name)

    def _epilogue(self, step: str) -> tuple[Statement, ...]:
        """The statements that a step runs besides changing facts, such as ending the sessions that are left."""
        return () if self.states[step] == "done" else self.kind.step(step).adds(self.context)

    def as_begun(self, step: str) -> Situation[C]:
        """The same moment for a step that was done by hand: if legacy is NOLOGIN, for example, this step did it."""
        record = replace(self.records[step], state="running", digest="by hand")
        return replace(self, records={**self.records, step: record})

    def done_by_hand(self, step: str) -> tuple[Statement, ...]:
        """The statements that were run by hand, of a step that has none left; empty where it never had any."""
        place = self.kind.place(step)
        whole = self._before_the_drop(step)
        if whole is self and self._after(place) is self._after(place - 1):
            return ()
        base = whole.as_begun(step).origin
        before = self.kind.through(base, self._backward, place - 1)
        return diff(before, self.kind.steps[place - 1].apply(before, self._backward))

    def _before_the_drop(self, step: str) -> Situation[C]:
        """The same moment with the roles that this step drops still there, as they were first seen."""
        live, known = self.live, self.baseline.roles
        dropped = self.kind.step(step).drops(self.context)
        gone = {role: known[role] for role in dropped if role in known and role not in live.roles}
        return replace(self, live=live.but(roles={**live.roles, **gone})) if gone else self

    def rollback_plan(self, step: str) -> Plan:
        """The statements that roll a step back, whatever happened since it was done."""
        statements = diff(self.live, self.taken_back(step)[0])
        notes = self._staying(step, self.kind.place(step), self.kind.place(step) - 1, Situation._back_to)
        return Plan(step, self._digest(f"rollback {step}", statements), (), statements, notes)

    def _back_to(self, count: int) -> State:
        """The State that the first ``count`` steps make of the origin."""
        return self.kind.through(self.origin, self._backward, count)

    @cached_property
    def _taken_back(self) -> dict[str, tuple[State, list[str]]]:
        return {}

    def taken_back(self, step: str) -> tuple[State, list[str]]:
        """The State after a step was rolled back, and the roles that are dropped by that."""
        return self._taken_back.get(step) or self._taken_back.setdefault(step, self._without(step))

    def _without(self, step: str) -> tuple[State, list[str]]:
        place = self.kind.place(step)
        want = top = self.kind.through(self.origin, self._backward, place - 1)
        for each in self.kind.steps[place - 1 : max(place, self.begun_count)]:
            top = each.apply(top, self._backward)
        made = self.kind.makes(self._backward)
        after = chain.following(self._links, self.kind, self.context, self.live)
        want = keep_extras(self.live, chain.through(top, after), want, frozenset(made))
        want = handed_on(self.live, chain.through(want, after), self.kind.heir(self._backward))
        gone = [name for name in made if name in self.live.roles and name not in want.roles]
        if place == 1:
            want = marks.left(want, made)
        want = without_roles(want, gone, self.kind.heir(self._backward))
        return forgotten(self.live, want, self.origin, made), gone

    def _staying(
        self, step: str, before: int, after: int, want: Callable[[Situation[C], int], State]
    ) -> tuple[Finding, ...]:
        """What a step leaves as it is because another database uses it; shown with the plan."""
        live = used_elsewhere.alone(self.live)
        if live is self.live:
            return ()
        alone = replace(self, live=live)
        managed = self.kind.subject(self.context)
        earlier, kept = (
            tuple(used_elsewhere.kept(self.live, want(self, count), want(alone, count), managed))
            for count in (before, after)
        )
        kept = tuple(line for line in kept if line not in earlier)
        return (used_elsewhere.finding(kept, step),) if kept else ()

    def rollback_preview(self, step: str) -> tuple[Statement, ...]:
        """Rollback SQL for the runbook: of a done step from live; of a later one as if it were the last one done."""
        if machine.begun(self.states, step) and step == machine.last_step(self.states):
            return self.rollback_plan(step).statements
        place = self.kind.place(step)
        base = self.origin
        before = self.kind.through(base, self._backward, place - 1)
        after = self.kind.steps[place - 1].apply(before, self._backward)
        made = self.kind.makes(self._backward)
        gone = [name for name in made if name in after.roles and name not in before.roles]
        return diff(after, without_roles(before, gone, self.kind.heir(self._backward)))

    @property
    def begun_count(self) -> int:
        """How many steps there are up to the last one that was begun."""
        last = machine.last_step(self.states)
        return self.kind.place(last) if last else 0

    def fresh_baseline(self) -> State | None:
        """The baseline to store from now on; None where live does not tell any more what was there before.

        What walks that began later have made will be gone before this one is rolled back, so it is left out.
        """
        live = chain.without_later(self.live, self._links)
        mine = self if live is self.live else replace(self, live=live)
        return self.kind.remembers(mine._moment, mine.context, lambda: mine.origin)
