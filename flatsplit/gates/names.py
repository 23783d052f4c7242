"""names: every tenant can have a role."""

from __future__ import annotations

from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.walks.tenants.context import Context


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first tenant for whose role the configured name is not possible."""
    unable = asked.context.unable
    if not unable:
        return GateResult("names", True, f"{len(asked.context.wanted)} tenants can have a role each")
    key, why = next(iter(sorted(unable.items())))
    more = f" (and {len(unable) - 1} more)" if len(unable) > 1 else ""
    return GateResult("names", False, f"tenant {key!r}: {why}{more}", "call the roles otherwise: [tenants] role")


GATE = Gate("names", judge, "every tenant can have a role of its own name")
