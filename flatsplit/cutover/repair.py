"""``repair``: applies again what finished steps want and live lacks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flatsplit import ddl
from flatsplit.connection import operator_lock
from flatsplit.cutover.dry_run import refused_besides
from flatsplit.cutover.entering_tables import not_covered, without_uncovered
from flatsplit.cutover.interaction import Confirm, Passwords, Reporter
from flatsplit.cutover.outcome import AdvanceResult, StepOutcome
from flatsplit.cutover.owners_in_reach import require_owners
from flatsplit.cutover.snapshot import step_ended
from flatsplit.errors import MissingRights
from flatsplit.model import Plan
from flatsplit.planning import machine
from flatsplit.planning.digest import digest
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def repair(walk: Walk, *, reporter: Reporter, confirm: Confirm, passwords: Passwords) -> AdvanceResult:
    """Apply again what finished steps want and live lacks. Takes no new step."""
    with operator_lock(walk.session):
        return _repair(walk, reporter, confirm, passwords)


def _repair(walk: Walk, reporter: Reporter, confirm: Confirm, passwords: Passwords) -> AdvanceResult:
    situation = walk.situation()
    for one in not_covered(situation):
        reporter.note(f"{ddl.label(one.table)} stays closed to tenants: {one.what}")
        reporter.note(f"  fix: {one.fix}")
    situation = without_uncovered(situation)
    drift = situation.drift
    next_key = machine.next_step(situation.states)
    if not situation.done and (other := next((link.name for link in situation.others if link.done), None)):
        # What drifted is other walks', and an action on record belongs to a step that was done
        done = _repair(walk.turned(other, situation.live), reporter, confirm, passwords)
        return replace(done, next=next_key, complete=False, walk=situation.name, several=situation.several)
    if not drift or not situation.done:
        return AdvanceResult((), next_key, complete=next_key is None, walk=situation.name, several=situation.several)
    require_owners(walk.session, situation.live, drift)
    step = situation.kind.keys[situation.done - 1]
    target, oid = situation.live.target, walk.record.legacy_oid
    plan = Plan(step, digest(target, walk.config.legacy_role, oid, "repair", drift, situation.name), (), drift)
    if not confirm(plan, "repair"):
        return AdvanceResult((), next_key, walk=situation.name, several=situation.several)
    verifiers = walk.verifiers(drift, passwords)
    with walk.session.transaction():
        walk.keep_names()
        walk.journal.event("repair", step, count(len(drift), "statement"))
    reporter.step_started("repair", "Apply again what drifted", len(drift))
    try:
        ran = walk.executor(situation, reporter, verifiers).run(step, "repair", drift)
    except MissingRights as error:
        now = walk.situation()
        raise refused_besides(walk.session, now.live, now.desired(now.done), error) from None
    after = walk.situation()
    with walk.session.transaction():
        step_ended(walk, step, after.live, situation)
    reporter.step_finished("repair", "done")
    outcome = StepOutcome("repair", "done", ran)
    return AdvanceResult(
        (outcome,), next_key, complete=next_key is None, walk=situation.name, several=situation.several
    )
