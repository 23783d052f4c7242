"""``status``: where a walk is, what is next, what blocks it, what changed while nobody looked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cutover.broken import broken
from flatsplit.cutover.remembering import absence
from flatsplit.cutover.results import Broken, CutoverView, Status, StepView
from flatsplit.cutover.situation import Situation
from flatsplit.evidence import memory
from flatsplit.model import Finding, GateResult
from flatsplit.planning import machine
from flatsplit.walks.split.kind import SPLIT

if TYPE_CHECKING:
    from flatsplit.cutover.gates import Judge
    from flatsplit.cutover.walk import Walk


def status(walk: Walk, situation: Situation) -> Status:
    """Everything that ``status`` says."""
    next_key = machine.next_step(situation.states)
    judge = walk.judge(situation)
    gates: tuple[GateResult, ...] = ()
    pending = 0
    catch_up = situation.drift
    if next_key is not None:
        gates = judge.judge(next_key)
        pending = situation.pending(next_key)
    return Status(
        cutover=_view(walk, situation),
        steps=tuple(
            StepView(
                key=step.key,
                title=step.title,
                state=situation.states[step.key],
                blocked_by=tuple(gate for gate in gates if not gate.passes) if step.key == next_key else (),
                waived=walk.waived(step.key),
                notices=tuple(gate for gate in gates if gate.open and gate.notice) if step.key == next_key else (),
                started_at=situation.records[step.key].started_at,
                finished_at=situation.records[step.key].finished_at,
                by_hand=situation.records[step.key].by_hand,
            )
            for step in SPLIT.steps
        ),
        next=next_key,
        catch_up=catch_up,
        pending=pending,
        findings=_findings(walk, situation, judge),
        away=absence(walk.session, walk.journal, situation),
        broken=_broken(walk, situation),
    )


def _broken(walk: Walk, situation: Situation) -> tuple[Broken, ...]:
    if situation.done == 0:
        return ()
    before = walk.journal.last_snapshot()
    return broken(situation, memory.difference(before.objects, situation.live) if before is not None else None)


def _findings(walk: Walk, situation: Situation, judge: Judge) -> tuple[Finding, ...]:
    """What keeps the walk from beginning, until it has; and what no step changes.

    Nobody shall take the end of the walk for more than it is: a bootstrap superuser stays one. Nor a server that is
    newer than flatsplit for one that it knows.
    """
    found = judge.findings if situation.done == 0 else ()
    wanted = {"legacy-bootstrap": situation.context.bootstrap, "server-untested": situation.live.target.untested}
    if not any(wanted.values()):
        return found
    from flatsplit import hazards  # many modules, for findings of few databases

    stays = hazards.find(walk.session.driver, situation.live, situation.context, lambda one: wanted.get(one.id, False))
    return (*found, *stays)


def _view(walk: Walk, situation: Situation) -> CutoverView:
    roles = walk.config.roles
    return CutoverView(
        name=walk.record.name,
        state=machine.cutover_state(situation.states),
        legacy_role=walk.config.legacy_role,
        database=situation.live.target.database,
        started_at=walk.record.created_at,
        retire=walk.config.retire,
        roles=tuple((roles.purpose(name), name) for name in roles.new),
    )
