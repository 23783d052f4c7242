"""What is done, found and decided: statements, plans, findings, gates, checks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cache
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

from flatsplit.model.facts import ObjectRef
from flatsplit.model.lazy import OnDemand

Side: TypeAlias = Literal["+", "-"]
FactKey: TypeAlias = Literal[
    "owner",
    "privilege",
    "column_privilege",
    "default_privilege",
    "member",
    "role",
    "attribute",
    "setting",
    "comment",
    "policy",
    "condition",
    "row_security",
    "tenancy",
    "tenant",
    "user_mapping",
    "recorder",
]

OF_ROLES: frozenset[FactKey] = frozenset({"role", "attribute", "member", "setting", "comment"})
"""Facts of the cluster's roles: objects stay as they are."""


class Change(NamedTuple):
    """One fact that a statement adds or takes away: the unit of the journal and of a plan's digest."""

    side: Side
    fact: FactKey
    subject: str
    """The object, role or default as a person would write it."""
    detail: str
    """The rest of the fact, for example ``app_user=arwd/owner``."""


class Grouped(OnDemand[Change]):
    """Changes that know which of them are alike."""

    __slots__ = ()

    @property
    @abstractmethod
    def groups(self) -> tuple[Alike, ...]:
        """The same changes, those that are alike together."""


@dataclass(frozen=True, slots=True, eq=False)
class Alike(Grouped):
    """One and the same change of many subjects: a GRANT on 200 tables changes 200 facts, seldom looked at singly."""

    side: Side
    fact: FactKey
    subjects: Sequence[str]
    detail: str

    @property
    def groups(self) -> tuple[Alike, ...]:
        """Itself."""
        return (self,)

    def __len__(self) -> int:
        return len(self.subjects)

    def __iter__(self) -> Iterator[Change]:
        return (Change(self.side, self.fact, subject, self.detail) for subject in self.subjects)


def alike(changes: Iterable[Change]) -> Iterator[Alike]:
    """The changes, those that were made as one together."""
    if isinstance(changes, Grouped):
        yield from changes.groups
    else:
        for change in changes:
            yield Alike(change.side, change.fact, (change.subject,), change.detail)


@cache
def _fields() -> tuple[str, ...]:
    """Of a statement: each is given its phase, and to look them up takes longer than that."""
    return tuple(each.name for each in fields(Statement))


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One statement of a plan: what a reviewer reads, what psql runs, what the journal keeps.

    A plan holds hundreds of thousands: kinds of which there are so many write their texts when somebody reads them, and
    are equal to any other statement that says the same.
    """

    description: str
    sql: str
    """Runs as it is in psql; a secret appears as a variable such as ``:'app_user_verifier'``."""
    undo: str
    """Takes exactly this statement back; "" where nothing can (dropped roles)."""
    lock: str
    """Strongest lock it takes on something the application uses, in the manual's words; "" for none."""
    objects: tuple[ObjectRef, ...] = ()
    changes: Sequence[Change] = ()
    secrets: tuple[str, ...] = ()
    """Roles whose password verifier the statement needs at execution."""
    alone: bool = False
    """Must not share a transaction with other statements."""
    phase: int = 0
    """A phase is through, contended statements included, before the next one begins. The differ counts them in its
    order; 0 is what comes after all of its.
    """
    acts: tuple[str, ...] = field(default=(), compare=False)
    """Roles whose rights it takes, for who is no superuser: owners before and after, whoever grants."""
    split: Callable[[], tuple[Statement, ...]] | None = field(default=None, compare=False, repr=False)
    """The same work object by object, for when one of several objects is contended or gone."""

    def but(self, **changes: Any) -> Statement:
        """The same statement but for these fields."""
        return Statement(**{name: getattr(self, name) for name in _fields()} | changes)

    def _compared(self) -> tuple[object, ...]:
        return tuple(getattr(self, each.name) for each in fields(Statement) if each.compare)

    def __eq__(self, other: object) -> bool:
        return self._compared() == other._compared() if isinstance(other, Statement) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.sql, self.phase))


Waivable: TypeAlias = Literal[
    "no-blockers",
    "bridge",
    "reach",
    "owner-powers",
    "surveyed",
    "covered",
    "keys",
    "copies",
    "dumps",
    "names",
    "tenants-seen",
    "holes",
    "connections",
    "statistics",
    "rehearsed",
    "acts",
    "seen",
    "drained",
    "verified",
    "soaked",
    "unrefused",
    "elsewhere",
    "listed",
    "twins-alike",
    "delivered",
    "known",
    "evidence",
    "isolated",
    "consistent",
]
Unwaivable: TypeAlias = Literal["converged", "approved", "allowed"]
GateKey: TypeAlias = Waivable | Unwaivable
WAIVABLE: tuple[Waivable, ...] = get_args(Waivable)
UNWAIVABLE: tuple[Unwaivable, ...] = get_args(Unwaivable)

Severity: TypeAlias = Literal["blocker", "warning", "note"]

NOT_SEEN: Final = "not-seen"
"""Id of the finding that names the checks which could not look."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A hazard that was found, or a decision that a person has to take."""

    id: str
    severity: Severity
    title: str
    why: str
    fix: str
    objects: tuple[str, ...] = ()
    step: str = ""
    """The step before which it has to be settled; "" for the walk as a whole."""
    looked_at: str = ""
    """Where in the catalog it was seen."""
    manual: str = ""
    """The section of PostgreSQL's manual that says so: the end of its address."""
    accepted: str = ""
    """The reason for which the operator accepts it ([hazards.accept]), "" where nobody does."""
    sql: tuple[str, ...] = ()
    """Of the fix, what can be run as it is printed …"""
    toml: tuple[str, ...] = ()
    """… and what can be put into flatsplit.toml, each ``[section] key = value``; empty where it is advice."""

    @property
    def blocks(self) -> bool:
        """Whether the walk may not begin with it."""
        return self.severity == "blocker" and not self.accepted


@dataclass(frozen=True, slots=True)
class GateResult:
    """A gate as it stands: open, closed with the reason, or waived."""

    key: GateKey
    open: bool
    reason: str
    """One line: why it is closed, or the evidence on which it is open."""
    fix: str = ""
    waivable: bool = True
    judged: bool = True
    """False where nobody has looked yet, because the step is not the next one."""
    waived: str = ""
    """The reason that was given for waiving it, "" when it was not waived."""
    notice: bool = False
    """Also where it is open, the operator should read why."""

    @property
    def passes(self) -> bool:
        """Whether the step may go on as far as this gate is concerned."""
        return self.open or bool(self.waived)


HIDDEN_ADDRESS: Final = "an unknown address"
"""From where somebody comes whose address is hidden from who asks: not the machine itself, which has none."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A connection as pg_stat_activity shows it."""

    role: str
    database: str
    client: str
    """``local`` on a socket of the machine itself."""
    application: str
    state: str
    pid: int = 0
    backend_start: str = ""
    idle_for: float = 0.0
    """Seconds since it last did anything, where it is idle."""
    acts_as: tuple[str, ...] = ()
    """The roles of the cutover whose power it has: itself, or those that its role is a member of."""


StepState: TypeAlias = Literal["pending", "running", "waiting", "done", "rolled_back"]

UNTOUCHED: tuple[StepState, ...] = ("pending", "rolled_back")
"""Nothing of the step is there."""


@dataclass(frozen=True, slots=True)
class StepRecord:
    """Where one step stands."""

    key: str
    ordinal: int
    state: StepState
    started_at: datetime | None
    finished_at: datetime | None
    digest: str | None
    by_hand: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What one step would do now."""

    step: str
    digest: str
    catch_up: tuple[Statement, ...]
    """What earlier, finished steps want for objects that appeared since, run before the step itself."""
    statements: tuple[Statement, ...]
    notes: tuple[Finding, ...] = ()
    """Decisions and things left as they are, to be read with the plan."""

    @property
    def actions(self) -> tuple[Statement, ...]:
        """All statements in the order in which they run."""
        return self.catch_up + self.statements


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the can/cannot matrix."""

    role: str
    act: str
    """For example "read tables", "drop tables"."""
    expected: bool
    """True for can, False for cannot."""
    count: int
    """Objects looked at."""
    exceptions: tuple[str, ...]
    """Objects for which the answer is another than the expected one (first ones only)."""
    exception_count: int = 0

    @property
    def ok(self) -> bool:
        """Whether the expectation holds for every object."""
        return self.exception_count == 0
