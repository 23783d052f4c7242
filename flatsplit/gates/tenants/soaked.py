"""soaked: each ring has rested for long enough since its first tenant was seen, before the next one's turn."""

from __future__ import annotations

from flatsplit.gates import quiet
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.tenants.rings import progress, soak
from flatsplit.model import GateResult
from flatsplit.server.sessions import server_clock
from flatsplit.walks.tenants.context import Context


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first ring that was seen and has not rested for long enough. Rings of which no tenant was seen
    are left out.
    """
    wanted, now = soak(asked.context), server_clock(asked.session.driver)
    results = [
        quiet.elapsed("soaked", wanted, now - ring.since, f"ring {ring.number} of {ring.of} first seen")
        for ring in progress(asked)
        if ring.since is not None
    ]
    if not results:
        return GateResult("soaked", True, "no ring has come yet")
    return next((result for result in results if not result.open), results[-1])


GATE = Gate("soaked", judge, "each ring of tenants has rested for soak before the next one's turn")
