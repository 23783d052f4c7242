"""names: every tenant can have a role."""

from __future__ import annotations

from flatsplit import ddl
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.walks.tenants.context import Context


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first tenant for whose role the configured name is not possible, and where who takes the step
    cannot read which tenants there are. Who only looks may not know it either, which is said.
    """
    context = asked.context
    if (unread := context.survey.unread) is not None:
        owner = context.live.objects[unread].owner if unread in context.live.objects else "its owner"
        said = f"which tenants there are is not known: {ddl.label(unread)} cannot be read here"
        fix = f"look again on the primary, as a superuser or as a role that may act as {owner}, once nobody locks it"
        looks = not asked.session.write
        return GateResult("names", looks, said, fix, notice=looks)
    unable = context.unable
    if not unable:
        return GateResult("names", True, f"{len(context.wanted)} tenants can have a role each")
    key, why = next(iter(sorted(unable.items())))
    more = f" (and {len(unable) - 1} more)" if len(unable) > 1 else ""
    return GateResult("names", False, f"tenant {key!r}: {why}{more}", "call the roles otherwise: [tenants] role")


GATE = Gate("names", judge, "every tenant can have a role of its own name")
