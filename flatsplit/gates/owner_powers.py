"""owner-powers: what runs as its owner does the same once app_migrator is the owner."""

from __future__ import annotations

from flatsplit import blueprint
from flatsplit.config import parse_name
from flatsplit.gates.gate import Asked, Gate
from flatsplit.hazards.registry import few
from flatsplit.model import GateKey, GateResult
from flatsplit.rehearsal.powers.found import Powers
from flatsplit.rehearsal.powers.lost import lost
from flatsplit.rehearsal.powers.remedies import remedy
from flatsplit.rehearsal.remedies import shown
from flatsplit.walks import split
from flatsplit.walks.split.context import Context
from flatsplit.words import count

KEY: GateKey = "owner-powers"


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first that would do something else."""
    who = blueprint.who(asked.context.config)
    if who.owner not in asked.state.roles or asked.context.legacy not in asked.state.roles:
        return GateResult(KEY, True, "nothing moves yet")
    found = lost(asked.session.driver, asked.state, asked.after(split.TRANSFER_OWNERSHIP), asked.context)
    return gate(found, asked.context)


def gate(found: Powers, context: Context) -> GateResult:
    """Closed where something would change, with the first of it and a way out for all."""
    migrator = blueprint.owner(context.config)
    if found.unmatched:
        name = found.unmatched[0]
        hint = " with these argument types" if parse_name(name).args is not None else ""
        return GateResult(
            KEY,
            False,
            f"[owner-powers] dba names {name}, and there is no such relation or routine{hint}",
            "correct it in flatsplit.toml, or take it out",
        )
    if found.lost:
        more = f" (and {len(found.lost) - 1} more, see flatsplit doctor)" if found.lost[1:] else ""
        return GateResult(KEY, False, f"{found.lost[0].reason}{more}", remedy(found.lost, context))
    if found.unread:
        routines, names = count(len(found.unread), "routine"), few(list(map(shown, found.unread)))
        return GateResult(
            KEY,
            True,
            f"nothing is known to change as {migrator}; of {routines} it cannot be told: {names}",
            "try what cannot be read by hand",
            notice=True,
        )
    return GateResult(KEY, True, f"what runs as its owner does the same as {migrator}")


GATE = Gate(KEY, judge, "views, rules and SECURITY DEFINER routines do the same under the new owner")
