"""elsewhere: no other database of the cluster uses legacy."""

from __future__ import annotations

from flatsplit.catalog import owned_elsewhere
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.sessions import clients
from flatsplit.model import GateResult
from flatsplit.walks import split, used_elsewhere
from flatsplit.walks.split.context import Context


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the databases that do. Not to be waived in the last step where the role is to be dropped."""
    legacy = asked.context.legacy
    last = asked.step == split.REVOKE_LEGACY
    database = asked.state.target.database
    owned = owned_elsewhere(asked.session.driver, legacy) if legacy in asked.state.roles else ()
    mine = [client for client in clients(asked) if legacy in client.acts_as and client.database != database]
    # NOLOGIN does not keep members out; the end of their membership does
    used = sorted({client.database for client in mine if client.role == legacy or last})
    if not owned and not used:
        return GateResult("elsewhere", True, f"{legacy} is not used by other databases")
    drop = asked.context.config.retire == "drop"
    parts = []
    if owned:
        parts.append(f"owns or may do something in {used_elsewhere.listed(owned)}")
    if used:
        names = sorted({client.role for client in mine} - {legacy})
        also = f" (as {', '.join(names[:5])})" if last and names else ""
        parts.append(f"is connected to {used_elsewhere.listed(used)}{also}")
    return GateResult(
        "elsewhere",
        False,
        f"{legacy} {' and '.join(parts)}",
        "give those databases a role of their own, or walk them as far as `verify` too and then waive this"
        + ('; "drop" is for the last of them, "revoke" for the others' if drop else ""),
        # A role that something depends on cannot be dropped, whatever the operator decides
        waivable=not (owned and last and drop),
    )


GATE = Gate("elsewhere", judge, "no other database of the cluster uses the old role")
