"""tenants-seen: the tenants of every ring use their roles."""

from __future__ import annotations

from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.tenants.rings import progress
from flatsplit.model import GateResult
from flatsplit.walks.tenants.context import Context
from flatsplit.words import count


def judge(asked: Asked[Context]) -> GateResult:
    """Open once a tenant of every ring was connected, or has run statements that pg_stat_statements counted.

    A ring whose tenants are all held back does not count.
    """
    found = progress(asked)
    if not found:
        return GateResult("tenants-seen", True, "there are no tenants yet")
    for ring in found:
        if ring.roles and not ring.seen:
            pool = asked.context.pool
            point = f"point their connections at their roles, {ring.roles[0]} first"
            become = f"let {pool} become them, {ring.roles[0]} first; pg_stat_statements has to count what they run"
            return GateResult(
                "tenants-seen",
                False,
                f"ring {ring.number} of {ring.of}: none of its {len(ring.roles)} tenants has been seen",
                f"{become if pool else point}; then the same command again",
            )
    seen, all_of_them = sum(len(ring.seen) for ring in found), sum(len(ring.roles) for ring in found)
    held = sum(ring.held for ring in found)
    back = f"; {count(held, 'tenant')} held back" if held else ""
    fix = "flatsplit next --tenant KEY lets one in again" if held else ""
    return GateResult(
        "tenants-seen",
        True,
        f"{seen} of {count(all_of_them, 'tenant')} have been seen, some of every ring{back}",
        fix,
        notice=bool(held),
    )


GATE = Gate("tenants-seen", judge, "somebody of each ring of tenants has been seen under its own role")
