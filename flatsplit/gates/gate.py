"""What a gate is, and what it is judged on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic

from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.journal import Journal
from flatsplit.model import SPLIT, Check, Finding, GateKey, GateResult, Plan, State, Statement, StepRecord, WalkName
from flatsplit.walks.kind import C, Step

if TYPE_CHECKING:
    from flatsplit.evidence.trial import Trial


@dataclass(frozen=True, slots=True)
class Approval:
    """Which plan is to be the approved one."""

    plan: Plan
    """What would run."""
    given: str | None
    """Digest of what was approved."""
    tell: Callable[[str], None]
    """Hears what is different."""


@dataclass(frozen=True)
class Asked(Generic[C]):
    """One step at one moment. What costs a look at the server is looked for when a gate asks for it."""

    step: str
    session: Session
    journal: Journal
    context: C
    state: State
    """The database as it is …"""
    after: Callable[[str], State]
    """… and as it will be with all steps up to this one done."""
    records: Mapping[str, StepRecord]
    """Of each step of the walk, in their order."""
    drift: Sequence[Statement]
    """What the finished steps want again."""
    hazards: Callable[[], tuple[Finding, ...]]
    """Those of the database as it is that could close a gate."""
    checks: Callable[[], tuple[Check, ...]]
    """The can/cannot matrix as it will be once the catch-up has run."""
    failed: Callable[[], tuple[Trial, ...]]
    """Acts that were tried and came out wrong."""
    approval: Approval | None = None
    name: WalkName = SPLIT
    """Of the walk."""
    passwords: Mapping[str, str] = field(default_factory=dict)
    """Those that are at hand, by role, for who tries a login."""
    logs: Sequence[Path] = ()
    """Server logs that were named; else the server's own, where SQL can read it."""

    does: Step[C] = field(kw_only=True)
    """The step itself, which says whom gates about logins mean."""
    config: Config = field(kw_only=True)

    @property
    def kind(self) -> str:
        """Of the walk."""
        return self.name.kind

    @property
    def rest(self) -> timedelta:
        """How long things are to rest before the step is done."""
        return self.does.rests(self.context) if self.does.rests else timedelta()

    @property
    def before(self) -> StepRecord:
        """The step before this one."""
        keys = list(self.records)
        return self.records[keys[keys.index(self.step) - 1]]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The hazards, looked for once."""
        return self.hazards()


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate: what has to be so before a step is done."""

    key: GateKey
    judge: Callable[[Asked[Any]], GateResult]
    asks: str
    """What is true when it is open, in half a sentence: for the runbook's pages, before anybody has judged it."""
