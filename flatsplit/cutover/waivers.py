"""Waivers of gates, read from the journal."""

from __future__ import annotations

from collections.abc import Mapping

from flatsplit.journal import Journal
from flatsplit.model import GateKey, GateResult


def waived(journal: Journal, step: str) -> tuple[GateResult, ...]:
    """The waivers recorded since the step was last rolled back."""
    found: dict[str, GateResult] = {}
    for event in journal.events(step=step):
        if event.kind == "rolled_back":
            found = {}
        elif event.kind == "waived":
            gate: GateKey = event.details.get("gate", "")
            found[gate] = GateResult(
                gate, False, str(event.details.get("closed", "")), waived=str(event.details.get("reason", ""))
            )
    return tuple(found.values())


def waived_by_step(journal: Journal) -> Mapping[str, tuple[GateResult, ...]]:
    """The same for each step that ever had one."""
    steps = dict.fromkeys(event.step for event in journal.events(kind="waived") if event.step)
    return {step: waived(journal, step) for step in steps}
