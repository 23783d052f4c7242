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
"""Facts about roles of the cluster; these statements change no objects."""


class Change(NamedTuple):
    """One fact that a statement adds or removes: the unit of the journal and of a plan's digest."""

    side: Side
    fact: FactKey
    subject: str
    """The object, role or default as a person would write it."""
    detail: str
    """The rest of the fact, for example ``app_user=arwd/owner``."""


class Grouped(OnDemand[Change]):
    """Changes that can be had in groups of equal ones."""

    __slots__ = ()

    @property
    @abstractmethod
    def groups(self) -> tuple[Alike, ...]:
        """The same changes, equal ones together."""


@dataclass(frozen=True, slots=True, eq=False)
class Alike(Grouped):
    """The same change of many subjects: a GRANT on 200 tables changes 200 facts, which are seldom looked at
    one by one.
    """

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
    """The changes, in the groups in which they were made."""
    if isinstance(changes, Grouped):
        yield from changes.groups
    else:
        for change in changes:
            yield Alike(change.side, change.fact, (change.subject,), change.detail)


@cache
def _fields() -> tuple[str, ...]:
    """The fields of a statement, looked up once: each statement gets a phase, and looking them up takes longer than
    that.
    """
    return tuple(each.name for each in fields(Statement))


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One statement of a plan: what a reviewer reads, psql runs, and the journal keeps.

    A plan may have hundreds of thousands. Subclasses for frequent kinds render their texts when these are read, and
    equal any other statement with the same texts.
    """

    description: str
    sql: str
    """Runs as it is in psql; a secret appears as a variable such as ``:'app_user_verifier'``."""
    undo: str
    """Undoes exactly this statement; "" where nothing can (dropped roles)."""
    lock: str
    """The strongest lock it takes on something that the application uses, in the manual's words; "" for none."""
    objects: tuple[ObjectRef, ...] = ()
    changes: Sequence[Change] = ()
    secrets: tuple[str, ...] = ()
    """Roles whose password verifier is needed to run it."""
    alone: bool = False
    """Whether it must not share a transaction with other statements."""
    phase: int = 0
    """A phase has to be finished, contended statements included, before the next one begins. The differ numbers them in
    its order; 0 is for what comes after all of its phases.
    """
    acts: tuple[str, ...] = field(default=(), compare=False)
    """Roles whose rights it needs where the operator is no superuser: the owners before and after, and the grantors."""
    split: Callable[[], tuple[Statement, ...]] | None = field(default=None, compare=False, repr=False)
    """The same work object by object, for when one of several objects is contended or gone."""

    def but(self, **changes: Any) -> Statement:
        """The same statement with these fields replaced."""
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
    "ring-keys",
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
"""The id of the finding that lists checks which could not be made."""


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
    """The step before which it has to be settled; "" where it concerns the walk as a whole."""
    looked_at: str = ""
    """Where in the catalog it was seen."""
    manual: str = ""
    """The section of PostgreSQL's manual: the end of its address."""
    accepted: str = ""
    """The reason for which the operator accepts it ([hazards.accept]); "" where it is not accepted."""
    sql: tuple[str, ...] = ()
    """The part of the fix that can be run as printed …"""
    toml: tuple[str, ...] = ()
    """… and the part for flatsplit.toml, each ``[section] key = value``; empty where it is only advice."""

    @property
    def blocks(self) -> bool:
        """Whether it keeps the walk from beginning."""
        return self.severity == "blocker" and not self.accepted


@dataclass(frozen=True, slots=True)
class GateResult:
    """The result of a gate: open, closed with the reason, or waived."""

    key: GateKey
    open: bool
    reason: str
    """One line: why it is closed, or the evidence for its being open."""
    fix: str = ""
    waivable: bool = True
    judged: bool = True
    """False where it was not judged, because the step is not the next one."""
    waived: str = ""
    """The reason for waiving it; "" where it is not waived."""
    notice: bool = False
    """Whether the operator should read the reason even though it is open."""

    @property
    def passes(self) -> bool:
        """Whether the gate lets the step go on."""
        return self.open or bool(self.waived)


HIDDEN_ADDRESS: Final = "an unknown address"
"""Stands for a client's address that the operator may not see; a local client has none at all."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A connection as pg_stat_activity shows it."""

    role: str
    database: str
    client: str
    """``local`` for a local socket."""
    application: str
    state: str
    pid: int = 0
    backend_start: str = ""
    idle_for: float = 0.0
    """Seconds since its last activity, where it is idle."""
    acts_as: tuple[str, ...] = ()
    """The roles of the cutover whose rights it has: itself, or those that its role is a member of."""


StepState: TypeAlias = Literal["pending", "running", "waiting", "done", "rolled_back"]

UNTOUCHED: tuple[StepState, ...] = ("pending", "rolled_back")
"""States in which nothing of the step is done."""


@dataclass(frozen=True, slots=True)
class StepRecord:
    """The state of one step."""

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
    """What earlier, finished steps want for newer objects; it runs before the step itself."""
    statements: tuple[Statement, ...]
    notes: tuple[Finding, ...] = ()
    """Decisions, and what is left as it is; to be read with the plan."""

    @property
    def actions(self) -> tuple[Statement, ...]:
        """All statements in the order in which they run."""
        return self.catch_up + self.statements


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the can/cannot matrix."""

    role: str
    act: str
    """For example "read tables" or "drop tables"."""
    expected: bool
    """True for can, False for cannot."""
    count: int
    """The number of objects checked."""
    exceptions: tuple[str, ...]
    """The first objects for which the answer is not the expected one."""
    exception_count: int = 0

    @property
    def ok(self) -> bool:
        """Whether the expectation holds for every object."""
        return self.exception_count == 0
