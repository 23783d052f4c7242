"""no-blockers: nothing has come up since the walk began that speaks against it."""

from __future__ import annotations

from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.no_blockers import open_gate
from flatsplit.model import GateResult
from flatsplit.walks.group.context import Context
from flatsplit.walks.group.preconditions import objections

OF_GROUPS = ("role-setting-ignored", "cron-as-group")
"""Hazards that are blockers of this walk; one that is accepted in flatsplit.toml is none."""


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first objection."""
    context = asked.context
    purpose = context.config.roles.purpose(context.role)
    first = next(objections(asked.state, context.role, purpose, context.group), None)
    if first is not None:
        return GateResult("no-blockers", False, *first)
    found = next((one for one in asked.findings if one.blocks and one.id in OF_GROUPS), None)
    if found is not None:
        return GateResult("no-blockers", False, found.title, found.fix)
    return open_gate("no blocker found", asked, OF_GROUPS)


GATE = Gate("no-blockers", judge, "nothing has come up since the walk began that speaks against it")
