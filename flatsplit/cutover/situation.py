"""One moment of a walk: the live State, what was first seen, how far the journal says it is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from flatsplit import ddl
from flatsplit.config import Config
from flatsplit.differ import diff, size
from flatsplit.differ.opposites import without_opposed
from flatsplit.evidence import matrix
from flatsplit.journal import StepRecord
from flatsplit.model import Check, Finding, Plan, State, Statement, StepState
from flatsplit.planning import machine
from flatsplit.walks import marks, shared, split
from flatsplit.walks.extras import keep_extras
from flatsplit.walks.leaving import without_roles
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.kind import SPLIT
from flatsplit.walks.split.origin import Origin, Progress, reduce


@dataclass(frozen=True)
class Situation:
    """Everything that plans are made from."""

    live: State
    baseline: State
    config: Config
    records: Mapping[str, StepRecord]
    legacy_oid: int = 0
    """Legacy's oid as of ``init``: a role of the same name that came later is another one."""

    @cached_property
    def states(self) -> dict[str, StepState]:
        """State of each step by its key."""
        return {key: record.state for key, record in self.records.items()}

    @cached_property
    def done(self) -> int:
        """How many steps are done from the start."""
        return machine.done_count(self.states)

    @cached_property
    def retired(self) -> bool:
        """Whether legacy's own rights are (being) taken away, so that live no longer tells what they were.

        The bridge is the first thing that goes. When it is missing although ownership has moved, somebody
        has begun, also where no journal row says so (the step's SQL file, run by hand).
        """
        if self.config.legacy_role not in self.live.roles:
            return True
        if machine.begun(self.states, split.REVOKE_LEGACY) and self.states[split.REVOKE_LEGACY] != "waiting":
            return True
        if self.states[split.TRANSFER_OWNERSHIP] != "done":
            return False
        bridge = (self.config.roles.app_migrator, self.config.legacy_role)
        return not any(key[:2] == bridge for key in self.live.members)

    @cached_property
    def context(self) -> Context:
        """For steps forward."""
        return Context(self.config, self.baseline, self.retired, self._reopened)

    @cached_property
    def origin(self) -> State:
        """The live State without what flatsplit did."""
        progress = Progress(
            narrowed=self.entered(split.ENABLE_LOGIN) or self._by_hand(split.ENABLE_LOGIN),
            locked=self.entered(split.LOCK_LEGACY) or self._by_hand(split.LOCK_LEGACY),
        )
        return Origin(self.live, self.context, progress).state()

    def entered(self, step: str) -> bool:
        """Whether the step may have changed something: one that has only ever waited at its gates has no digest.

        Legacy's NOLOGIN is then another database's walk's, and must not be taken for what this one did.
        """
        record = self.records[step]
        if record.state in ("waiting", "running") and not record.digest:
            return False
        return machine.begun(self.states, step)

    def _by_hand(self, step: str) -> bool:
        """Whether somebody has run the SQL file of the next step, which the journal does not know of yet."""
        if self.done != SPLIT.place(step) - 1:
            return False
        live, before = self.live.roles, self.baseline.roles
        if step == split.LOCK_LEGACY:
            legacy = self.config.legacy_role
            if legacy not in live or legacy not in before or live[legacy].elsewhere:
                return False  # where legacy is used elsewhere too, another database's walk may have locked it
            return before[legacy].login and not live[legacy].login
        logins = {name for name in self.config.entering if name in live and live[name].login}
        return bool(logins - {name for name, facts in before.items() if facts.login})

    @cached_property
    def _backward(self) -> Context:
        return Context(self.config, self.baseline, reopened=self._reopened)

    @property
    def _reopened(self) -> bool:
        """Whether legacy may log in although this walk has locked it: another database's has let it, and uses it."""
        facts = self.live.roles.get(self.config.legacy_role)
        return self.states[split.LOCK_LEGACY] == "done" and facts is not None and facts.login and bool(facts.elsewhere)

    @cached_property
    def _desired(self) -> list[State]:
        return [self.live]

    def desired(self, count: int) -> State:
        """What the first ``count`` steps make of the live State."""
        while len(self._desired) <= count:
            self._desired.append(SPLIT.steps[len(self._desired) - 1].apply(self._desired[-1], self.context))
        return self._desired[count]

    @cached_property
    def drift(self) -> tuple[Statement, ...]:
        """What the finished steps still (or again) want.

        Not what the next one, broken off in its middle, has taken away already: that must not come and go again.
        """
        found = diff(self.live, self.desired(self.done))
        if not found or self.done == len(SPLIT.steps) or not self._broken_off(SPLIT.steps[self.done].key):
            return found
        return without_opposed(found, self.forward(SPLIT.steps[self.done].key))

    def _broken_off(self, step: str) -> bool:
        """Whether part of this step may be done: it was killed, or somebody has begun its SQL file."""
        return self.states[step] == "running" or (step == split.REVOKE_LEGACY and self.retired)

    def remaining(self, step: str) -> tuple[Statement, ...]:
        """What the steps up to and including this one still want."""
        return diff(self.live, self.desired(SPLIT.place(step)))

    def plan(self, step: str) -> Plan:
        """What a step would do: the next one with the catch-up before it, a later one as if the others were done.

        Of one that is done: its part of what the finished steps want again; not what a later one has taken away since.
        """
        place = SPLIT.place(step)
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
                # Done by hand: what the last step took away must not come back as the catch-up of an earlier one
                catch_up, statements = (), self._epilogue(step)
        digest = self._digest(step, (*catch_up, *statements))
        return Plan(step, digest, catch_up, statements, self._staying(step, place - 1, place, Situation.desired))

    def _rest(self, step: str, catch_up: tuple[Statement, ...]) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
        """The catch-up and the statements of a step that is done in part, without those that have run already."""
        early = {each.sql for each in catch_up}
        remaining = self.remaining(step)
        statements = tuple(each for each in remaining if each.sql not in early)
        return tuple(each for each in remaining if each.sql in early), (*statements, *self._epilogue(step))

    def forward(self, step: str) -> tuple[Statement, ...]:
        """What a step itself wants, as if those before it were done and held."""
        place = SPLIT.place(step)
        return (*diff(self.desired(place - 1), self.desired(place)), *self._epilogue(step))

    def pending(self, step: str) -> int:
        """How many statements that are."""
        place = SPLIT.place(step)
        if place == self.done + 1 and self._broken_off(step):
            return len(self.plan(step).statements)
        return size(self.desired(place - 1), self.desired(place)) + len(self._epilogue(step))

    def _digest(self, what: str, statements: tuple[Statement, ...]) -> str:
        return machine.digest(self.live.target, self.config.legacy_role, self.legacy_oid, what, statements)

    def _epilogue(self, step: str) -> tuple[Statement, ...]:
        """lock-legacy also ends the sessions that are left: NOLOGIN stops new ones only."""
        legacy = self.config.legacy_role
        if step != split.LOCK_LEGACY or self.config.retire == "repurpose" or self.states[step] == "done":
            return ()
        return (
            Statement(
                description=f"end the last sessions of {legacy} in this database",
                sql=ddl.terminate_sessions(legacy),
                undo="",
                lock="",
                alone=True,
                phase=600,
                acts=(legacy,),
            ),
        )

    def as_begun(self, step: str) -> Situation:
        """The same moment, for a step that somebody did by hand: legacy's NOLOGIN, say, is then not legacy's own."""
        record = replace(self.records[step], state="running", digest="by hand")
        return replace(self, records={**self.records, step: record})

    def done_by_hand(self, step: str) -> tuple[Statement, ...]:
        """What somebody else must have run, for a step that has nothing left to do; empty if it never had anything."""
        place = SPLIT.place(step)
        base = self._before_the_drop(step).as_begun(step).origin
        before = SPLIT.through(base, self._backward, place - 1)
        return diff(before, SPLIT.steps[place - 1].apply(before, self._backward))

    def _before_the_drop(self, step: str) -> Situation:
        """The same moment with legacy still there as first seen, if this is the step that drops it."""
        legacy, live = self.config.legacy_role, self.live
        if not point_of_no_return(self.config, step) or legacy in live.roles or legacy not in self.baseline.roles:
            return self
        return replace(self, live=replace(live, roles={**live.roles, legacy: self.baseline.roles[legacy]}))

    def rollback_plan(self, step: str) -> Plan:
        """The statements that take a step back, whatever happened since."""
        statements = diff(self.live, self.taken_back(step)[0])
        digest = self._digest(f"rollback {step}", statements)
        notes = self._staying(step, SPLIT.place(step), SPLIT.place(step) - 1, Situation._back_to)
        return Plan(step, digest, (), statements, notes)

    def _back_to(self, count: int) -> State:
        """What the first steps made of the origin."""
        return SPLIT.through(self.origin, self._backward, count)

    def taken_back(self, step: str) -> tuple[State, list[str]]:
        """What is there once a step is taken back, and the roles that are gone then."""
        place = SPLIT.place(step)
        want = top = SPLIT.through(self.origin, self._backward, place - 1)
        for each in SPLIT.steps[place - 1 : max(place, self.begun_count)]:
            top = each.apply(top, self._backward)
        want = keep_extras(self.live, top, want, frozenset(self.config.roles.new))
        gone = [name for name in self.config.roles.new if name in self.live.roles and name not in want.roles]
        if place == 1:
            want = marks.left(want, self.config.roles.new)
        return without_roles(want, gone, self.config.legacy_role), gone

    def _staying(
        self, step: str, before: int, after: int, want: Callable[[Situation, int], State]
    ) -> tuple[Finding, ...]:
        """What a step does not take back or away because another database uses it, to be read with the plan."""
        live = shared.alone(self.live)
        if live is self.live:
            return ()
        alone = replace(self, live=live)
        managed = (self.config.legacy_role, *self.config.roles.new)
        earlier, kept = (
            tuple(shared.kept(self.live, want(self, count), want(alone, count), managed)) for count in (before, after)
        )
        kept = tuple(line for line in kept if line not in earlier)
        return (shared.finding(kept, step),) if kept else ()

    def rollback_preview(self, step: str) -> tuple[Statement, ...]:
        """Rollback SQL for the runbook: of a step that is done from live, of a later one as if it were the last."""
        if machine.begun(self.states, step) and step == machine.last_step(self.states):
            return self.rollback_plan(step).statements
        place = SPLIT.place(step)
        base = self.origin
        before = SPLIT.through(base, self._backward, place - 1)
        after = SPLIT.steps[place - 1].apply(before, self._backward)
        gone = [name for name in self.config.roles.new if name in after.roles and name not in before.roles]
        return diff(after, without_roles(before, gone, self.config.legacy_role))

    @property
    def begun_count(self) -> int:
        """Ordinal of the last step that was begun."""
        last = machine.last_step(self.states)
        return SPLIT.place(last) if last else 0

    def fresh_baseline(self) -> State | None:
        """The baseline as it should be kept from now on; None once legacy's own facts are no longer live.

        Of those, lock-legacy takes LOGIN alone, and the origin has it as first seen. So has the baseline what another
        database's walk may have taken: an application that has nowhere to go back to is the rollback's to refuse.
        """
        if self.retired or machine.begun(self.states, split.REVOKE_LEGACY):
            return None
        fresh, legacy = reduce(self.origin, self.config), self.config.legacy_role
        facts, before = fresh.roles[legacy], self.baseline.roles.get(legacy)
        if before is None or facts.login or not (before.login and facts.elsewhere):
            return fresh
        return replace(fresh, roles={**fresh.roles, legacy: facts._replace(login=True)})

    def checks(self) -> tuple[Check, ...]:
        """The can/cannot matrix as far as the finished steps go."""
        return matrix(self.live, self.context, self.done)


def point_of_no_return(config: Config, step: str) -> bool:
    """Whether a step cannot be taken back once it is done."""
    return step == split.REVOKE_LEGACY and config.retire == "drop"


def notes_of(findings: tuple[Finding, ...], step: str) -> tuple[Finding, ...]:
    """Findings that have to be read before this step."""
    return tuple(finding for finding in findings if finding.step in ("", step))
