"""What a runbook is made from, as the shape of it.

The use cases build the values (they stand above this package, so it cannot name them).
"""

# ruff: noqa: D102 (the values that have these attributes document them)

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from flatsplit.config import Config
from flatsplit.evidence.exposure import BlastRadius
from flatsplit.model import Check, Finding, GateResult, Plan, Session, Statement, StepState, Target


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
    def sessions(self) -> Sequence[Session]: ...
    @property
    def exposure(self) -> BlastRadius | None: ...
