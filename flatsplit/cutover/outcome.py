"""What ``next``, ``rollback`` and ``repair`` return."""

from __future__ import annotations

from dataclasses import dataclass

from flatsplit.cutover.not_begun import NotBegun
from flatsplit.model import SPLIT, Finding, GateResult, Plan, StepState, WalkName


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


@dataclass(frozen=True, slots=True)
class AdvanceResult:
    """What was done, and what stopped it."""

    outcomes: tuple[StepOutcome, ...]
    next: str | None
    waiting: tuple[GateResult, ...] = ()
    """Closed gates that stopped the walk (exit 3)."""
    complete: bool = False
    plan: Plan | None = None
    """With ``dry_run``: what would have run."""
    walk: WalkName = SPLIT
    several: bool = False
    """Whether a command without ``--walk`` would not be taken to be about this walk."""
    not_begun: tuple[NotBegun, ...] = ()
    """Sections of flatsplit.toml that ask for more, once nothing is left of this walk."""
    rode: tuple[AdvanceResult, ...] = ()
    """What became of the walks that went along with a step of the split."""
    drifted: int = 0
    """Where the step that was asked for is done already: how many statements finished steps want again or since."""
