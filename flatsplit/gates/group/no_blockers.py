"""no-blockers: nothing has come up since the walk began that speaks against it."""

from __future__ import annotations

from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.no_blockers import open_gate
from flatsplit.model import GateResult
from flatsplit.walks import group
from flatsplit.walks.group.context import Context
from flatsplit.walks.group.preconditions import objections

OF_GROUPS = {
    group.CREATE_LOGINS: ("role-setting-ignored",),
    group.CLOSE_GROUP: ("role-setting-ignored", "cron-as-group"),
}
"""Hazards that are blockers of this walk, by step; one that is accepted in flatsplit.toml is none. A job can be moved
to a login once there is one.
"""


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first objection."""
    context = asked.context
    purpose = context.config.roles.purpose(context.role)
    first = next(objections(asked.state, context.role, purpose, context.group), None)
    if first is not None:
        return GateResult("no-blockers", False, *first)
    mine = OF_GROUPS[asked.step]
    others = {str(getattr(context.config.roles, one.purpose)) for one in context.config.groups} - {context.role}
    found = next((one for one in asked.findings if one.blocks and one.id in mine and not others & {*one.objects}), None)
    if found is not None:
        return GateResult("no-blockers", False, found.title, found.fix)
    return open_gate("no blocker found", asked, mine)


GATE = Gate("no-blockers", judge, "nothing has come up since the walk began that speaks against it")
