"""What a gate is, and what it is judged on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic

from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.journal import Journal
from flatsplit.model import (
    SPLIT,
    UNTOUCHED,
    Check,
    Finding,
    GateKey,
    GateResult,
    Plan,
    State,
    Statement,
    StepRecord,
    WalkName,
)
from flatsplit.server.sessions import server_clock
from flatsplit.walks.kind import C, Step

if TYPE_CHECKING:
    from flatsplit.evidence.trial import Trial


@dataclass(frozen=True, slots=True)
class Approval:
    """The plan to be approved, and what was approved."""

    plan: Plan
    """The plan that would run."""
    given: str | None
    """The digest that the operator gave."""
    tell: Callable[[str], None]
    """Called with each line of text about how the plans differ."""


@dataclass(frozen=True)
class Asked(Generic[C]):
    """What gates are asked about: one step at one moment. What takes a query is read when a gate needs it."""

    step: str
    session: Session
    journal: Journal
    context: C
    state: State
    """The State of the database now."""
    after: Callable[[str], State]
    """The State that it will have once all steps up to the given one are done."""
    records: Mapping[str, StepRecord]
    """The record of each step of the walk, in their order."""
    drift: Sequence[Statement]
    """The statements that the finished steps want again."""
    hazards: Callable[[], tuple[Finding, ...]]
    """The hazards of the present database that could close a gate."""
    checks: Callable[[], tuple[Check, ...]]
    """The can/cannot matrix as it will be once the catch-up has run."""
    failed: Callable[[], tuple[Trial, ...]]
    """Trials with another result than expected."""
    approval: Approval | None = None
    name: WalkName = SPLIT
    """The name of the walk."""
    several: bool = False
    """Whether a command without ``--walk`` would not be taken to be about this walk."""
    passwords: Mapping[str, str] = field(default_factory=dict)
    """The passwords at hand, by role, for trying a login."""
    begins: bool = False
    """Whether the call begins the step, also where it then waits."""
    logs: Sequence[Path] = ()
    """Named server logs; otherwise the server's own is read, where SQL can."""

    does: Step[C] = field(kw_only=True)
    """The step itself, which names the logins that gates are about."""
    config: Config = field(kw_only=True)

    def typed(self, verb: str) -> str:
        """A command about this walk as it is typed: with ``--walk`` wherever it would be refused without."""
        return self.name.typed(verb, several=self.several)

    @property
    def kind(self) -> str:
        """The kind of the walk."""
        return self.name.kind

    @property
    def rest(self) -> timedelta:
        """How long to wait before the step is done."""
        return self.does.rests(self.context) if self.does.rests else timedelta()

    @property
    def begun(self) -> datetime:
        """When the step began: now, if it has not yet, or not again since it was rolled back."""
        return self._started_at or server_clock(self.session.driver)

    @property
    def has_begun(self) -> bool:
        """Whether the step has begun, or does so in this very call."""
        return self.begins or self._started_at is not None

    @property
    def _started_at(self) -> datetime | None:
        record = self.records[self.step]
        return None if record.state in UNTOUCHED else record.started_at

    @property
    def before(self) -> StepRecord:
        """The step before this one."""
        keys = list(self.records)
        return self.records[keys[keys.index(self.step) - 1]]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The hazards; looked for once."""
        return self.hazards()


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate: what has to be true before a step is done."""

    key: GateKey
    judge: Callable[[Asked[Any]], GateResult]
    asks: str
    """What is true when it is open, in half a sentence, for pages of the runbook that were made before it is judged."""
