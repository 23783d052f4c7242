"""``next``: takes one step after the other, each from live to what it wants, after judging its gates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flatsplit.catalog import remaining_dependencies
from flatsplit.connection import operator_lock
from flatsplit.cutover import approval, begun_like, companion_roles, password_delivery
from flatsplit.cutover.begin import refuse_beside
from flatsplit.cutover.completeness import about_new, prove_known
from flatsplit.cutover.entering_tables import require_covered
from flatsplit.cutover.interaction import Confirm, Passwords, Reporter, tell
from flatsplit.cutover.lookahead import look_ahead
from flatsplit.cutover.not_begun import not_begun
from flatsplit.cutover.observe import observe
from flatsplit.cutover.outcome import AdvanceResult, StepOutcome
from flatsplit.cutover.owners_in_reach import require_owners
from flatsplit.cutover.situation import Situation
from flatsplit.cutover.snapshot import step_ended
from flatsplit.cutover.which_walk import require_step
from flatsplit.errors import Drift, Refused, UsageError, Waiting
from flatsplit.executor import Executor
from flatsplit.gates import judge
from flatsplit.model import GateResult, Plan, State
from flatsplit.planning import machine
from flatsplit.planning.machine import TRANSITIONS
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk

ROUNDS = 5
"""How often a step looks for objects that appeared while it ran."""


@dataclass(frozen=True, slots=True)
class AdvanceOptions:
    """The options of ``next``."""

    dry_run: bool = False
    through: str | None = None
    approved: str | None = None
    waive: tuple[str, ...] = ()
    reason: str = ""
    logs: tuple[Path, ...] = ()
    """Server logs for gates that ask what was refused."""


def advance(
    walk: Walk,
    options: AdvanceOptions,
    *,
    reporter: Reporter,
    confirm: Confirm,
    passwords: Passwords,
    looked_ahead: bool = False,
) -> AdvanceResult:
    """Take the next step, or all steps up to ``options.through``. ``looked_ahead``: whether what would stop them has
    been looked for already, under the same lock.
    """
    with operator_lock(walk.session):
        return _advance(walk, options, reporter, confirm, passwords, looked_ahead=looked_ahead)


def _advance(
    walk: Walk,
    options: AdvanceOptions,
    reporter: Reporter,
    confirm: Confirm,
    passwords: Passwords,
    *,
    looked_ahead: bool = False,
) -> AdvanceResult:
    """Take steps until the wanted one is done, a gate is closed, or the operator answers no."""
    if options.approved is not None and options.through is not None:
        raise UsageError("--approved is for one step, --through for many", "approve and take the steps one by one")
    outcomes: list[StepOutcome] = []
    rode: list[AdvanceResult] = []
    situation = walk.situation()

    def along(other: Walk, key: str) -> AdvanceResult:
        return _advance(other, AdvanceOptions(through=key), reporter, confirm, passwords)

    def told(after: str | None, **more: Any) -> AdvanceResult:
        asks = not_begun(walk, situation) if after is None else ()
        return AdvanceResult(
            tuple(outcomes),
            after,
            walk=situation.name,
            several=situation.several,
            rode=tuple(rode),
            not_begun=asks,
            **more,
        )

    walk.require_own(situation)
    if machine.next_step(situation.states) is not None and (missing := situation.kind.lost(situation.context)):
        raise UsageError(*missing)
    begun_like.refuse_changed(walk.changed_likes, situation)
    if not options.dry_run:
        walk.take_in(situation)
    if options.through is not None:
        require_step(situation, options.through)
        if not (options.dry_run or looked_ahead):
            look_ahead(walk, situation, options.through, passwords)
    if machine.last_step(situation.states) is None:
        refuse_beside(situation)
    if not options.dry_run and companion_roles.late(walk, situation):
        if options.approved is None:
            rode += companion_roles.ride(walk, reporter, along)
            situation = walk.situation()
        else:
            then = situation.typed("next")
            reporter.note(f"who rides along has not arrived: a later {then} without --approved sees to that")
    while True:
        key = machine.next_step(situation.states)
        if key is None or (options.through and situation.kind.place(key) > situation.kind.place(options.through)):
            return told(key, complete=key is None, drifted=0 if outcomes else len(situation.drift))
        riders = companion_roles.riders(walk, situation, key, approved=options.approved is not None)
        plan = riders.on(situation.plan(key))
        gates = _gates(walk, situation, plan, options, reporter, passwords)
        for gate in gates:
            reporter.gate(gate)
            if gate.key == "delivered":
                delivers = situation.kind.step(key).delivers(situation.context)
                password_delivery.deliver(walk, key, delivers, gate, passwords, reporter)
        closed = tuple(gate for gate in gates if not gate.passes)
        if options.dry_run:
            return told(key, waiting=closed, plan=plan)
        if closed:
            _wait(walk, key, situation, closed)
            blocked = next((gate for gate in closed if gate.key == "no-blockers"), None)
            if blocked is not None:
                raise Refused(blocked.reason, f'{blocked.fix} Or go on all the same: --waive no-blockers --reason "…"')
            outcomes.append(StepOutcome(key, "waiting", 0, gates=gates))
            return told(key, waiting=closed)
        require_covered(situation)
        require_owners(walk.session, situation.live, situation.drift)
        if not confirm(plan, "next"):
            return told(key)
        passwords = companion_roles.known(walk, plan, riders.names, passwords)
        outcome, situation = _take(walk, situation, plan, gates, reporter, passwords, options, riders)
        outcomes.append(outcome)
        if riders.names:
            rode += companion_roles.ride(walk, reporter, along)
            situation = walk.situation()
        if options.through is None:
            after = machine.next_step(situation.states)
            return told(after, complete=after is None)


def _gates(
    walk: Walk,
    situation: Situation,
    plan: Plan,
    options: AdvanceOptions,
    reporter: Reporter,
    passwords: Passwords,
) -> tuple[GateResult, ...]:
    """The gates of the step, with what this call waives; the ``approved`` gate is the last one."""
    if situation.kind.step(plan.step).by_people and walk.session.write:  # a dry run records nothing
        observe(walk)
    step = situation.kind.step(plan.step)
    delivers = step.delivers(situation.context)
    known = passwords.at_hand() if "acts" in step.gates else {}
    if delivers:
        known = password_delivery.at_hand(walk, plan.step, delivers, passwords)
    asked = replace(walk.asked(situation, plan.step, known, options.logs), begins=not options.dry_run)
    judged = judge(asked, step.gates)
    gates = [
        replace(gate, waived=options.reason) if not gate.open and gate.waivable and gate.key in options.waive else gate
        for gate in judged
    ]
    gates += approval.gate(walk, situation, plan, options.approved, reporter, dry_run=options.dry_run)
    return tuple(gates)


def _wait(walk: Walk, key: str, situation: Situation, closed: Sequence[GateResult]) -> None:
    """Record that the step waits at these gates, once and not at each call."""
    with walk.session.transaction():
        if situation.states[key] != "waiting":
            digest = None if situation.states[key] == "running" else ""
            walk.journal.transition(key, *TRANSITIONS["hold"], digest=digest)
            walk.journal.event(
                "waiting",
                key,
                "; ".join(f"{gate.key}: {gate.reason}" for gate in closed),
                {"gates": [g.key for g in closed]},
            )


def _take(
    walk: Walk,
    situation: Situation,
    plan: Plan,
    gates: tuple[GateResult, ...],
    reporter: Reporter,
    passwords: Passwords,
    options: AdvanceOptions,
    riders: companion_roles.Riders,
) -> tuple[StepOutcome, Situation]:
    """Run one step to its end; returns what happened and the moment after it."""
    key = plan.step
    step = situation.kind.step(key)
    for role in step.takes_all_of(situation.context):
        prove_known(walk.session, role, situation.live)
    by_hand = () if _changes_facts(plan) or situation.states[key] == "running" else situation.done_by_hand(key)
    proves = step.proves(situation.context)
    if proves:
        observe(walk)  # for each of the roles that are connected now, a session has to be seen again later
    known = password_delivery.Remembered(passwords)
    verifiers = walk.verifiers(plan.actions, known)
    former = password_delivery.former(walk, plan, proves)
    _begin(walk, situation, plan, gates, options, riders, by_hand=bool(by_hand))
    reporter.step_started(key, step.title, len(plan.actions))
    executor = walk.executor(situation, reporter, verifiers)
    tell(plan, reporter)
    password_delivery.end_sessions(walk, key, step.ends(situation.context), reporter)
    executed = 0
    try:
        if by_hand:
            reporter.note(f"{key} was done by hand: {count(len(by_hand), 'statement')} found done")
            with walk.session.transaction():
                walk.journal.record(key, "by-hand", by_hand)
        executed += executor.run(key, "catch-up", plan.catch_up)
        executed += executor.run(key, "forward", plan.statements)
        password_delivery.prove(walk, situation, plan, proves, known, former, reporter)
        more, live = _converge(walk, key, executor, walk.after(situation, plan.actions), options.approved)
    except Waiting as error:
        with walk.session.transaction():
            walk.journal.transition(key, *TRANSITIONS["stop"])
            walk.journal.event("waiting", key, error.what)
        reporter.step_finished(key, "waiting")
        raise
    _finish(walk, situation, plan, live, by_hand=bool(by_hand))
    reporter.step_finished(key, "done")
    return StepOutcome(key, "done", executed + more, bool(by_hand), gates, plan.notes), walk.situation(live)


def _changes_facts(plan: Plan) -> bool:
    """Whether the step itself has facts to change."""
    return any(statement.changes for statement in plan.statements)


def _begin(
    walk: Walk,
    situation: Situation,
    plan: Plan,
    gates: tuple[GateResult, ...],
    options: AdvanceOptions,
    riders: companion_roles.Riders,
    *,
    by_hand: bool,
) -> None:
    """Record that the step is running, with the baseline as of now or, where it was done by hand, as of before that."""
    key = plan.step
    with walk.session.transaction():
        walk.keep_names()
        companion_roles.keep(walk, riders)
        seen = situation.as_begun(key) if by_hand else situation
        fresh = seen.fresh_baseline() if situation.states[key] != "running" else None
        if fresh is not None:
            walk.journal.save_baseline(fresh)
        resumed = situation.states[key] == "running"
        walk.journal.transition(key, *TRANSITIONS["begin"], digest=plan.digest, by_hand=False)
        for gate in gates:
            if gate.waived:
                walk.journal.event(
                    "waived",
                    key,
                    f"gate {gate.key} waived: {gate.waived}",
                    {"gate": gate.key, "reason": gate.waived, "closed": gate.reason},
                )
        walk.journal.event(
            "resumed" if resumed else "started",
            key,
            f"{count(len(plan.actions), 'statement')}, digest {plan.digest}",
            {"digest": plan.digest, "approved": options.approved, "statements": len(plan.actions)},
        )


def _converge(walk: Walk, key: str, executor: Executor, known: State | None, approved: str | None) -> tuple[int, State]:
    """Run statements and look again until none is left, since objects appear while a step runs. Returns how many ran,
    and the State at the end.

    ``known``: the State now, where it is known. Where a plan was ``approved``, what appears has to be in it or allowed
    by ``allow_new_objects``; else the step waits (Waiting) for another approval.
    """
    executed = 0
    before: State | None = None
    for turn in range(ROUNDS):
        situation = walk.situation(known)
        walk.require_own(situation)
        known = None
        remaining = situation.remaining(key)
        if turn == ROUNDS - 1 and before is not None and about_new(remaining, before):
            # An application that keeps creating objects is never caught up with; the next step does the rest
            remaining = ()
        if not remaining:
            for role in situation.kind.step(key).leaves_nothing_of(situation.context):
                _prove_empty(walk, situation, role)
            return executed, situation.live
        strange = approval.straying(walk, situation, approved, remaining) if approved else None
        if strange is not None:
            raise Waiting(
                f"something appeared while {key} ran that nobody approved: {strange.lines()[0]}",
                f"look at `{situation.typed('plan')} {key}`, have it approved, then {situation.typed('next')} "
                "--approved DIGEST goes on",
            )
        executed += executor.run(key, "catch-up", remaining)
        before = situation.live
    raise Drift(
        f"{key} does not come to rest: {remaining[0].description} and {len(remaining) - 1} more are wanted again",
        f"find out who undoes it (an event trigger, another tool), then run {situation.typed('next')} again",
    )


def _prove_empty(walk: Walk, situation: Situation, role: str) -> None:
    """Raise where anything in this database that outlives its session still depends on the role: the last proof of
    revoke-legacy.
    """
    if role not in situation.live.roles:
        return
    left = remaining_dependencies(
        walk.session.driver, role, extensions=role != situation.baseline.target.bootstrap, temporary=False
    )
    if left:
        raise Drift(
            f"{role} still has {left[0]}" + (f" (and {len(left) - 1} more)" if left[1:] else ""),
            f"take it away by hand, then run {situation.typed('next')} again",
        )


def _finish(walk: Walk, situation: Situation, plan: Plan, live: State, *, by_hand: bool) -> None:
    key, kind = plan.step, situation.kind
    with walk.session.transaction():
        walk.journal.transition(key, *TRANSITIONS["finish"], by_hand=by_hand)
        walk.journal.event("done", key, "done by hand" if by_hand else "done", {"digest": plan.digest})
        step_ended(walk, key, live, situation)
        if key == kind.keys[-1] and not kind.lasting:
            walk.journal.event("ended", None, f"{situation.name.words} is over")
            walk.journal.end_cutover(walk.record.id, "complete")
