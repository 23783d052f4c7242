"""no-blockers: nothing came up since the walk began that speaks against it."""

from __future__ import annotations

from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.walks.group.context import Context
from flatsplit.walks.group.refusing import objections


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first objection."""
    context = asked.context
    purpose = context.config.roles.purpose(context.role)
    first = next(objections(asked.state, context.role, purpose, context.group), None)
    if first is None:
        return GateResult("no-blockers", True, "no blocker found")
    return GateResult("no-blockers", False, *first)


GATE = Gate("no-blockers", judge)
