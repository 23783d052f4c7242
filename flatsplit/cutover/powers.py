"""The gate ``owner-powers``: what runs as its owner does the same once app_migrator is the owner. Pure."""

from __future__ import annotations

from flatsplit.config import parse_name
from flatsplit.evidence.powers.found import Powers
from flatsplit.evidence.powers.remedies import remedy
from flatsplit.evidence.rehearsal.remedies import shown
from flatsplit.hazards.registry import few, number
from flatsplit.model import GateResult
from flatsplit.walks.split.context import Context

KEY = "owner-powers"


def gate(found: Powers, context: Context) -> GateResult:
    """Closed where something would change, with the first of it and a way out for all."""
    migrator = context.config.roles.app_migrator
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
        routines, names = number(len(found.unread), "routine"), few(list(map(shown, found.unread)))
        return GateResult(
            KEY,
            True,
            f"nothing is known to change as {migrator}; of {routines} it cannot be told: {names}",
            "try what cannot be read by hand",
            notice=True,
        )
    return GateResult(KEY, True, f"what runs as its owner does the same as {migrator}")
