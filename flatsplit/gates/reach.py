"""reach: app_migrator can read all that the views read which it takes over."""

from __future__ import annotations

from flatsplit import blueprint
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import RELATIONS, GateResult
from flatsplit.server.reach import opening, unreachable
from flatsplit.walks.split.context import Context


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first view that would stop working under its new owner."""
    state, context = asked.state, asked.context
    who = blueprint.who(context.config)
    if who.owner not in state.roles or context.legacy not in state.roles:
        return GateResult("reach", True, "nothing to reach yet")
    left = [ref for ref in context.left_of(state.objects) if ref.kind in RELATIONS]
    others = sorted(context.retiring & state.roles.keys() - {context.legacy})
    lacking = unreachable(asked.session.driver, context.legacy, who.owner, left, others)
    if not lacking:
        return GateResult("reach", True, f"{who.owner} can read all that the views read")
    first, more = lacking[0], len(lacking) - 1
    return GateResult(
        "reach",
        False,
        f"{first.view} reads {first.table}, which {who.owner} could not" + (f" (and {more} more)" if more else ""),
        f"{context.legacy} may as a superuser or by accident only: " + opening(lacking, who.owner),
    )


GATE = Gate("reach", judge)
