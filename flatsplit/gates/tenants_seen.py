"""tenants-seen: ring by ring, tenants use their roles."""

from __future__ import annotations

from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.server.counters import read_counters
from flatsplit.server.sessions import read_sessions
from flatsplit.tenants.rings import rings
from flatsplit.walks.tenants.context import Context


def judge(asked: Asked[Context]) -> GateResult:
    """Open once somebody of every ring is connected, or has run statements that pg_stat_statements counted."""
    live = asked.context.live
    role_of = {key: role for role, key in sorted(live.tenants.items(), reverse=True)}
    keys = sorted(role_of, key=lambda key: (len(key), key))
    if not keys:
        return GateResult("tenants-seen", True, "there are no tenants yet")
    seen = _seen(asked, sorted(live.tenants))
    places = [ring for ring in rings(asked.context.tenants, keys) if ring]
    for number, ring in enumerate(places, start=1):
        if not any(role_of[key] in seen for key in ring):
            first = role_of[ring[0]]
            return GateResult(
                "tenants-seen",
                False,
                f"ring {number} of {len(places)}: none of its {len(ring)} tenants has been seen",
                f"point their connections at their roles, {first} first; then the same command again",
            )
    return GateResult("tenants-seen", True, f"{len(seen)} of {len(keys)} tenants have been seen, some of every ring")


def _seen(asked: Asked[Context], roles: list[str]) -> set[str]:
    driver = asked.session.driver
    acting = {role: (role,) for role in roles}
    found = read_sessions(driver, acting, roles[0])
    here = {one.role for one in found if one.database == asked.state.target.database} & set(roles)
    return here | {each.role for each in read_counters(driver, acting) if each.calls}


GATE = Gate("tenants-seen", judge)
