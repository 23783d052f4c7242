"""The data from which a runbook is rendered."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from flatsplit.config import Config
from flatsplit.model import Backend, Check, Finding, GateResult, Plan, Statement, StepState, Target
from flatsplit.model.report import Report
from flatsplit.rights.exposure import BlastRadius, Exposure


@dataclass(frozen=True, slots=True)
class BundleStep:
    """What a runbook says about one step."""

    number: int
    key: str
    title: str
    purpose: str
    state: StepState
    gates: tuple[GateResult, ...]
    plan: Plan
    rollback: tuple[Statement, ...]
    point_of_no_return: bool
    watch: tuple[str, ...]
    """What to look at while and after it runs."""
    kind: str
    """Of walk."""
    option: str = ""
    """What a command needs besides its name to mean this walk, after a space; "" where it needs nothing."""
    by_people: str = ""
    """What people do, where the step is theirs."""
    rests: timedelta | None = None
    """How long things must have rested."""
    stop: tuple[str, ...] = ()
    """When to stop, besides what holds for every step."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The data of a runbook."""

    config: Config
    target: Target
    generated_by: str
    steps: tuple[BundleStep, ...]
    findings: tuple[Finding, ...]
    checks: tuple[Check, ...]
    sessions: tuple[Backend, ...] = field(default=())
    exposure: BlastRadius | None = None
    """What each role could do, before and after."""
    first: tuple[Exposure, ...] = ()
    """What each role could do before anything was changed; empty where that is today."""
    report: Report = field(default_factory=Report)
    """What happened, who was seen, what was approved."""
    title: str = ""
    """The walk in words; "" for the split."""
    about: str = ""
    """What such a walk is for, as part of a sentence; "" for the split."""
