"""no-blockers: nothing is known that would keep the walk from its end."""

from __future__ import annotations

from typing import Any

from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult


def judge(asked: Asked[Any]) -> GateResult:
    """Closed with the first blocker that nobody has accepted."""
    blockers = [finding for finding in asked.findings if finding.severity == "blocker"]
    accepted = sum(not finding.blocks for finding in blockers)
    blockers = [finding for finding in blockers if finding.blocks]
    if not blockers:
        said = f"{accepted} accepted in flatsplit.toml, no other" if accepted else "no"
        return GateResult("no-blockers", True, f"{said} blocker found")
    first = blockers[0]
    more = f" (and {len(blockers) - 1} more)" if len(blockers) > 1 else ""
    return GateResult("no-blockers", False, f"{first.title}{more}", f"{first.fix} See flatsplit doctor.")


GATE = Gate("no-blockers", judge)
