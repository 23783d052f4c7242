"""What the use cases give back, and what they ask of whoever calls them. No click, no rich in here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from flatsplit.model import Check, Finding, GateResult, Plan, Session, Statement, StepState, Target

if TYPE_CHECKING:
    from flatsplit.config import Config
    from flatsplit.evidence.away import Absence
    from flatsplit.evidence.locks import Holder
    from flatsplit.evidence.trial import Proof, Trial


@dataclass(frozen=True, slots=True)
class InitRequest:
    """What the operator asked ``init`` for."""

    legacy_role: str
    config_path: Path
    schemas: tuple[str, ...] = ()
    """Empty: every schema in which legacy owns something, or that it owns."""
    adopt: bool = False
    owner: str | None = None
    moved: bool = False
    """The database is the one that the journal is about, though pg_upgrade or a move gave it another identity."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What ``init`` found and proposes, before anything is written."""

    request: InitRequest
    target: Target
    config: Config
    counts: tuple[tuple[str, int], ...]
    """(kind in the plural, how many legacy owns), largest first."""
    adopted: tuple[str, ...]
    """New role names that exist already and are taken over."""
    findings: tuple[Finding, ...]
    existing: bool
    """The tracking schema is there already and a cutover is under way: ``init`` only upgrades it."""
    acts_as: tuple[tuple[str, int], ...] = ()
    """Other roles that legacy acts as, and how much each owns."""


@dataclass(frozen=True, slots=True)
class StepView:
    """One line of ``status``."""

    key: str
    title: str
    state: StepState
    blocked_by: tuple[GateResult, ...] = ()
    """Closed gates (only for the next step); empty when it may go on."""
    waived: tuple[GateResult, ...] = ()
    started_at: datetime | None = None
    finished_at: datetime | None = None
    by_hand: bool = False
    notices: tuple[GateResult, ...] = ()
    """Open gates that say something all the same (only for the next step)."""


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
class Broken:
    """Something that a finished step promised and that does not hold."""

    what: str
    fix: str


@dataclass(frozen=True, slots=True)
class Status:
    """Where the walk is, what is next, what blocks it, what changed while nobody looked."""

    cutover: CutoverView
    steps: tuple[StepView, ...]
    next: str | None
    catch_up: tuple[Statement, ...]
    """What finished steps want for objects that appeared since."""
    pending: int
    """Statements that the next step has still to run."""
    findings: tuple[Finding, ...] = ()
    """Hazards that keep the walk from beginning, accepted ones too, and what stays so. ``doctor`` has more."""
    away: Absence | None = None
    """What changed since the last step ended; None where nothing was remembered."""
    broken: tuple[Broken, ...] = ()
    """What somebody undid of what finished steps promised: not what merely appeared since."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """The can/cannot matrix and the drift of all finished steps."""

    checks: tuple[Check, ...]
    drift: tuple[Statement, ...]
    steps: tuple[str, ...]
    """Keys of the steps whose promises were checked."""
    notes: tuple[Finding, ...] = ()
    """What holds by itself and is no failure, for example SECURITY DEFINER routines open to PUBLIC."""
    causes: tuple[str, ...] = ()
    """Why each statement of the drift is wanted again."""
    strays: tuple[Finding, ...] = ()
    """What no step takes care of: new schemas, tables of other roles, new memberships."""
    proofs: tuple[Proof, ...] = ()
    """What was tried for real, role by role."""

    @property
    def failed(self) -> tuple[Trial, ...]:
        """Acts that came out otherwise than they must."""
        return tuple(trial for proof in self.proofs for trial in proof.trials if not trial.ok)

    @property
    def ok(self) -> bool:
        """Whether everything that was promised holds."""
        return not (self.drift or self.strays or self.failed) and all(check.ok for check in self.checks)


@dataclass(frozen=True, slots=True)
class Look:
    """What ``observe`` saw."""

    at: datetime
    sessions: tuple[Session, ...]
    growth: tuple[tuple[str, int | None], ...]
    """Statements of each role since the last look; None where that cannot be known, empty where nothing counts them."""


class Reporter(Protocol):
    """Hears what happens while statements run."""

    def step_started(self, key: str, title: str, statements: int) -> None:
        """A step begins; ``statements`` counts what it will run."""

    def batch_done(self, first: str, done: int, total: int) -> None:
        """A transaction committed; ``first`` describes its first statement."""

    def waiting_for(self, description: str, holders: Sequence[Holder], waited: float, patience: float) -> None:
        """A lock did not come; it will be tried again. Seconds waited so far without progress, and their limit."""

    def note(self, text: str) -> None:
        """Something worth a line: an object vanished, a step was found done by hand."""

    def gate(self, gate: GateResult) -> None:
        """A gate was looked at."""

    def step_finished(self, key: str, state: StepState) -> None:
        """A step ended in this state."""


Confirm = Callable[[Plan, str], bool]
"""Shows a plan (and what it is for: "next", "rollback", "repair") and asks; False stops without changing anything."""


class Passwords(Protocol):
    """Where clear-text passwords come from; asked only when a statement needs a verifier."""

    def for_roles(self, roles: Sequence[str]) -> dict[str, str]:
        """Clear-text password per role. Raises UsageError where one is missing and nobody can be asked."""


@dataclass(frozen=True, slots=True)
class AdvanceOptions:
    """The options of ``next``."""

    dry_run: bool = False
    through: str | None = None
    approved: str | None = None
    waive: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What happened to one step."""

    key: str
    state: StepState
    executed: int
    by_hand: bool = False
    gates: tuple[GateResult, ...] = ()
    notes: tuple[Finding, ...] = ()
    """What stayed as it was, and why."""


def tell(plan: Plan, reporter: Reporter) -> None:
    """Say what a plan leaves as it is: also to whoever was not asked and has not seen the plan."""
    for note in plan.notes:
        for line in note.objects:
            reporter.note(line)


@dataclass(frozen=True, slots=True)
class AdvanceResult:
    """What ``next`` or ``rollback`` did."""

    outcomes: tuple[StepOutcome, ...]
    next: str | None
    waiting: tuple[GateResult, ...] = ()
    """Closed gates that stopped the walk (exit 3)."""
    complete: bool = False
    plan: Plan | None = None
    """With ``dry_run``: what would have run."""
