"""reach: app_migrator can be given everything that it takes over, and read everything that its views read."""

from __future__ import annotations

from typing import Any

from flatsplit import blueprint, ddl, privileges
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import RELATIONS, GateKey, GateResult
from flatsplit.server.dry_run import receiving
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
        return received(asked) or GateResult("reach", True, f"{who.owner} can read all that the views read")
    first, more = lacking[0], len(lacking) - 1
    return GateResult(
        "reach",
        False,
        f"{first.view} reads {first.table}, which {who.owner} could not" + (f" (and {more} more)" if more else ""),
        f"{context.legacy} may as a superuser or by accident only: " + opening(lacking, who.owner),
    )


def received(asked: Asked[Any], key: GateKey = "reach") -> GateResult | None:
    """Closed with the right that a new owner needs to be given something; None where nothing is missing. A superuser
    gives without that check.
    """
    state = asked.state
    if state.target.operator_superuser:
        return None
    then = asked.after(asked.step)
    moves = [
        (ref, facts.owner)
        for ref, facts in then.objects.items()
        if not facts.follows and ref in state.objects and state.objects[ref].owner != facts.owner
    ]
    found = receiving(asked.session.driver, then, moves)
    if not found:
        return None
    first, refs = next(iter(found.items()))
    more = len(found) - 1
    return GateResult(
        key,
        False,
        f"{first.role} may not be given {ddl.label(refs[0])} without {privileges.NAMES[first.letter]} on "
        f"{ddl.label(first.on)}" + (f" (and {more} more)" if more else ""),
        "have its owner or a superuser run: " + " ".join(ddl.grant([one.on], one.letter, one.role) for one in found),
    )


GATE = Gate("reach", judge, "the new owner can be given every object, and can read what the views among them read")
