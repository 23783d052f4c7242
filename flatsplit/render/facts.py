"""The data from which a runbook is rendered, as protocols.

The use cases, which are in a higher layer, make the values.
"""

# ruff: noqa: D102 (the values that have these attributes document them)

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from flatsplit.config import Config
from flatsplit.model import Backend, Check, Finding, GateResult, Plan, Statement, StepState, Target
from flatsplit.model.report import Report
from flatsplit.rights.exposure import BlastRadius, Exposure


class StepFacts(Protocol):
    """One step of a runbook."""

    @property
    def number(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def purpose(self) -> str: ...
    @property
    def state(self) -> StepState: ...
    @property
    def gates(self) -> Sequence[GateResult]: ...
    @property
    def plan(self) -> Plan: ...
    @property
    def rollback(self) -> Sequence[Statement]: ...
    @property
    def point_of_no_return(self) -> bool: ...
    @property
    def watch(self) -> Sequence[str]: ...
    @property
    def option(self) -> str:
        """The option that a command needs to mean this walk, after a space; "" where it needs nothing."""
        ...

    @property
    def kind(self) -> str: ...
    @property
    def by_people(self) -> str: ...
    @property
    def rests(self) -> timedelta | None: ...
    @property
    def stop(self) -> Sequence[str]: ...


class BundleFacts(Protocol):
    """A whole runbook."""

    @property
    def config(self) -> Config: ...
    @property
    def target(self) -> Target: ...
    @property
    def generated_by(self) -> str: ...
    @property
    def steps(self) -> Sequence[StepFacts]: ...
    @property
    def findings(self) -> Sequence[Finding]: ...
    @property
    def checks(self) -> Sequence[Check]: ...
    @property
    def sessions(self) -> Sequence[Backend]: ...
    @property
    def exposure(self) -> BlastRadius | None: ...
    @property
    def first(self) -> Sequence[Exposure]: ...
    @property
    def report(self) -> Report: ...
    @property
    def title(self) -> str:
        """The walk in words; "" for the split."""

    @property
    def about(self) -> str:
        """What such a walk is for, as part of a sentence; "" for the split."""
