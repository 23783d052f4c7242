"""tenants-seen: somebody uses a tenant's role."""

from __future__ import annotations

from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.server.sessions import read_sessions
from flatsplit.walks.tenants.context import Context


def judge(asked: Asked[Context]) -> GateResult:
    """Open while a tenant is connected to this database."""
    roles = sorted(asked.context.live.tenants)
    if not roles:
        return GateResult("tenants-seen", True, "there are no tenants yet")
    found = read_sessions(asked.session.driver, {role: (role,) for role in roles}, roles[0])
    here = {one.role for one in found if one.database == asked.state.target.database} & set(roles)
    if here:
        return GateResult("tenants-seen", True, f"{len(here)} of {len(roles)} tenants are connected")
    return GateResult(
        "tenants-seen",
        False,
        f"none of {len(roles)} tenants is connected",
        "point a tenant's connections at its role, for example " + roles[0],
    )


GATE = Gate("tenants-seen", judge)
