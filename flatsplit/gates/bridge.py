"""bridge: legacy's membership in app_migrator will give it the rights that it had."""

from __future__ import annotations

from flatsplit import ddl
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.owners import dormant


def judge(asked: Asked[Context]) -> GateResult:
    """Closed where a role that needs the bridge is NOINHERIT."""
    shut = dormant(asked.state, asked.context)
    if not shut:
        return GateResult("bridge", True, "legacy uses its memberships (INHERIT)")
    return GateResult(
        "bridge",
        False,
        f"{shut[0]} is NOINHERIT: the bridge would give it nothing",
        f"ALTER ROLE {ddl.ident(shut[0])} INHERIT;",
    )


GATE = Gate("bridge", judge, "the old role's membership in the new owner gives it all that it had as the owner")
