"""no-blockers: no blocker is known that would keep the walk from its end."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import NOT_SEEN, GateResult
from flatsplit.words import listed


def judge(asked: Asked[Any]) -> GateResult:
    """Closed with the first blocker that was not accepted."""
    blockers = [finding for finding in asked.findings if finding.severity == "blocker"]
    accepted = sum(not finding.blocks for finding in blockers)
    blockers = [finding for finding in blockers if finding.blocks]
    if not blockers:
        said = f"{accepted} accepted in flatsplit.toml, no other" if accepted else "no"
        return open_gate(f"{said} blocker found", asked)
    first = blockers[0]
    more = f" (and {len(blockers) - 1} more)" if len(blockers) > 1 else ""
    return GateResult("no-blockers", False, f"{first.title}{more}", f"{first.fix} See flatsplit doctor.")


def open_gate(said: str, asked: Asked[Any], of: Collection[str] = ()) -> GateResult:
    """The gate where no blocker was found, with a notice where one could not be looked for. ``of``: only
    these hazards.
    """
    for finding in asked.findings:
        if finding.id == NOT_SEEN and (missing := [one for one in finding.objects if not of or one in of]):
            return GateResult(
                "no-blockers", True, f"{said}; {listed(missing)} could not be looked for", finding.fix, notice=True
            )
    return GateResult("no-blockers", True, said)


GATE = Gate("no-blockers", judge, "flatsplit doctor finds no blocker")
