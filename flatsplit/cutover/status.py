"""``status``: how far a walk is, what is next, what blocks it, and what changed meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from flatsplit.cutover import begun_like
from flatsplit.cutover.beyond_lists import beyond, gives_rights
from flatsplit.cutover.broken_promises import Broken, broken, given_or_joined, unkept
from flatsplit.cutover.changed_settings import changed_settings
from flatsplit.cutover.edited_lists import edited
from flatsplit.cutover.expected_rights import all_checks
from flatsplit.cutover.not_begun import NotBegun, not_begun
from flatsplit.cutover.password_ages import ages, worth_a_line
from flatsplit.cutover.poolers import PoolerAdvice, poolers
from flatsplit.cutover.refusals import refusals
from flatsplit.cutover.situation import Situation
from flatsplit.cutover.snapshot import absence, members_of
from flatsplit.cutover.tables_after_list import corrections, misnamed, younger
from flatsplit.cutover.unhandled_changes import strays
from flatsplit.cutover.waivers import waived_by_step
from flatsplit.cutover.walks import WalkView, walks
from flatsplit.evidence import memory
from flatsplit.gates import Asked, judge
from flatsplit.journal import SnapshotRecord
from flatsplit.model import SPLIT, Finding, GateResult, Statement, StepState, WalkName
from flatsplit.model.report import PasswordAge
from flatsplit.planning import machine
from flatsplit.walks import split, tenants
from flatsplit.walks.split.context import Context
from flatsplit.walks.tenants.context import Context as TenantsContext
from flatsplit.walks.tenants.tenant_login import inside

if TYPE_CHECKING:
    from flatsplit.cutover.role_names import Renamed
    from flatsplit.cutover.tenants_apart import Ways
    from flatsplit.cutover.walk import Walk
    from flatsplit.evidence.changes_since import Absence
    from flatsplit.gates.tenants.rings import Ring
    from flatsplit.trail.refused import Refusal


@dataclass(frozen=True, slots=True)
class StepView:
    """One line of ``status``."""

    key: str
    title: str
    state: StepState
    blocked_by: tuple[GateResult, ...] = ()
    """Closed gates that are not waived; empty for all steps but the next one, and where that may run."""
    waived: tuple[GateResult, ...] = ()
    started_at: datetime | None = None
    finished_at: datetime | None = None
    by_hand: bool = False
    notices: tuple[GateResult, ...] = ()
    """Open gates with something to notice; empty for all steps but the next one."""


@dataclass(frozen=True, slots=True)
class CutoverView:
    """The head of ``status``."""

    name: str
    state: str
    legacy_role: str
    database: str
    started_at: datetime
    retire: str
    roles: tuple[tuple[str, str], ...]
    """(purpose, role name) in the order app_user, app_migrator, app_readonly, dba."""


@dataclass(frozen=True, slots=True)
class Status:
    """How far the walk is, what is next, what blocks it, and what changed meanwhile."""

    cutover: CutoverView
    steps: tuple[StepView, ...]
    next: str | None
    catch_up: tuple[Statement, ...]
    """Statements that finished steps would run for objects created since."""
    pending: int | None
    """How many statements the next step still has to run; None where that cannot be known."""
    findings: tuple[Finding, ...] = ()
    """Hazards that keep the walk from beginning, accepted ones included, and those that no step will remove.
    ``doctor`` reports all hazards.
    """
    away: Absence | None = None
    """What changed since the last step ended; None where no snapshot was recorded."""
    refused: tuple[Refusal, ...] = ()
    """What the server refuses to the application's role now, where its log can be read."""
    broken: tuple[Broken, ...] = ()
    """What somebody undid of the results of finished steps, and what lets tenants out of their policies since these
    were proved. Objects that were only created since are not in it.
    """
    untold: tuple[Broken, ...] = ()
    """What cannot be looked at for the moment."""
    walks: tuple[WalkView, ...] = ()
    """All walks that are kept, this one included."""
    walk: WalkName = SPLIT
    several: bool = False
    """Whether a command without ``--walk`` would not be taken to be about this walk."""
    ages: tuple[PasswordAge, ...] = ()
    """How old each password is."""
    poolers: tuple[PoolerAdvice, ...] = ()
    """What each PgBouncer of the configuration needs for the rotation, and whether it has it."""
    tells_ages: bool = False
    """Whether the text of ``status`` has a line about the ages."""
    rings: tuple[Ring, ...] = ()
    """The progress of the tenants' rings; empty before tenants may log in."""
    renamed: tuple[Renamed, ...] = ()
    """Roles that have other names now. Where there are any, the status is of the journal alone, since everything else
    finds roles by name.
    """
    younger: tuple[Finding, ...] = ()
    """Tables that a special role has no rights on because they were created after its list of tables."""
    misnamed: tuple[Finding, ...] = ()
    """Names of such lists that are not here any more."""
    surplus: tuple[Statement, ...] = ()
    """What would take from roles what flatsplit.toml does not say (any more); nobody runs it but people."""

    not_begun: tuple[NotBegun, ...] = ()
    """Sections of flatsplit.toml whose walk was never begun, once the split is complete."""

    @property
    def ok(self) -> bool:
        """Whether everything that was promised holds, as far as ``status`` looks at it."""
        return not self.broken and not gives_rights(self.surplus)


def status(walk: Walk, logs: Sequence[Path] = ()) -> Status:
    """Everything that ``status`` reports. ``logs`` are the server's, for gates that look for refused statements."""
    situation = walk.look()
    if walk.renamed:
        return _by_the_journal(walk, situation)
    next_key = machine.next_step(situation.states)
    asked = walk.asked(situation, next_key or situation.kind.keys[-1], logs=logs)
    gates: tuple[GateResult, ...] = ()
    pending = 0
    catch_up = situation.drift
    if next_key is not None:
        gates = judge(asked, situation.kind.step(next_key).gates)
        pending = situation.pending(next_key)
    closed = tuple(gate for gate in gates if not gate.passes)
    passwords = ages(walk, situation.live)
    first = situation.turned(SPLIT)  # hazards and memberships of people concern the split
    before = walk.journal.last_snapshot()
    ways, extra = _ways(walk, situation), beyond(walk, first)
    promised = unkept(all_checks(situation), (*situation.drift, *extra), corrections(first))
    return Status(
        cutover=_view(walk, situation),
        steps=_steps(walk, situation, gates),
        next=next_key,
        catch_up=catch_up,
        pending=pending,
        findings=_findings(walk, first, asked),
        away=absence(walk.session, walk.journal, first, before),
        refused=refusals(walk.session, walk.config, first.live) if first.states[split.ENABLE_LOGIN] == "done" else (),
        broken=(*(ways.found if ways else ()), *_broken(walk, first, before), *promised),
        untold=(*(ways.untold if ways else ()), *_unread(walk, situation)),
        walks=walks(walk, situation, closed),
        walk=situation.name,
        several=situation.several,
        ages=passwords,
        poolers=poolers(walk, situation),
        tells_ages=worth_a_line(walk, passwords),
        rings=_rings(situation, asked),
        younger=tuple(younger(walk, first)) if walk.config.special else (),
        misnamed=(
            *misnamed(first),
            *begun_like.findings(walk.changed_likes, first),
            *changed_settings(first),
        ),
        surplus=extra,
        not_begun=not_begun(walk, situation),
    )


def _steps(walk: Walk, situation: Situation, gates: tuple[GateResult, ...] = ()) -> tuple[StepView, ...]:
    """A line for each step. ``gates`` are the judged gates of the next one."""
    next_key = machine.next_step(situation.states)
    closed = tuple(gate for gate in gates if not gate.passes)
    waivers = waived_by_step(walk.journal)
    return tuple(
        StepView(
            key=step.key,
            title=step.title,
            state=situation.states[step.key],
            blocked_by=closed if step.key == next_key else (),
            waived=waivers.get(step.key, ()),
            notices=tuple(gate for gate in gates if gate.open and gate.notice) if step.key == next_key else (),
            started_at=situation.records[step.key].started_at,
            finished_at=situation.records[step.key].finished_at,
            by_hand=situation.records[step.key].by_hand,
        )
        for step in situation.kind.steps
    )


def _by_the_journal(walk: Walk, situation: Situation) -> Status:
    """The status by the journal alone, where roles were renamed: the progress of the walks, and which roles those
    are.
    """
    return Status(
        cutover=_view(walk, situation),
        steps=_steps(walk, situation),
        next=machine.next_step(situation.states),
        catch_up=(),
        pending=None,
        broken=tuple(Broken(one.what, one.fix) for one in walk.renamed),
        walks=walks(walk, situation, (), judged=False),
        walk=situation.name,
        several=situation.several,
        renamed=walk.renamed,
    )


def _ways(walk: Walk, situation: Situation) -> Ways | None:
    """What lets tenants out of their policies; None where no walk over tenants is kept."""
    if not any(record.walk.kind == tenants.NAME for record in walk.kept):
        return None
    from flatsplit.cutover.tenants_apart import no_longer_apart  # imports many modules

    return no_longer_apart(walk, situation)


def _unread(walk: Walk, situation: Situation) -> tuple[Broken, ...]:
    """That tenants cannot be read, where a walk gave them roles."""
    if not any(record.walk.kind == tenants.NAME for record in walk.kept):
        return ()
    from flatsplit.cutover.tenants_apart import unread  # imports many modules

    return tuple(unread(situation))


def _rings(situation: Situation, asked: Asked[Context]) -> tuple[Ring, ...]:
    """The progress of the tenants' rings; empty in other walks and before the first tenant may log in."""
    context: object = situation.context
    if not isinstance(context, TenantsContext) or not inside(situation.live, context):
        return ()
    from flatsplit.gates.tenants.rings import progress

    return tuple(progress(cast("Asked[TenantsContext]", asked)))


def _broken(walk: Walk, situation: Situation, before: SnapshotRecord | None) -> tuple[Broken, ...]:
    lists = edited(walk, situation)
    if before is None:
        return broken(situation, None, situation.live.target.major, lists)
    since = memory.difference(before.objects, situation.live)
    stray = strays(situation, since, members_of(walk.journal, situation.live, before))
    return (*broken(situation, since, before.major, lists), *given_or_joined(stray))


def _findings(walk: Walk, situation: Situation, asked: Asked[Context]) -> tuple[Finding, ...]:
    """Hazards that keep the walk from beginning, until it has begun, and two that remain whatever is done.

    These are that the old role is the bootstrap superuser, which it remains after the last step, and that the server is
    newer than those flatsplit was tested with.
    """
    found = asked.findings if situation.done == 0 else ()
    wanted = {"legacy-bootstrap": situation.context.bootstrap, "server-untested": situation.live.target.untested}
    if not any(wanted.values()):
        return found
    from flatsplit import hazards  # imports many modules, and few databases have such findings

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
