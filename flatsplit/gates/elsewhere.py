"""elsewhere: no other database of the cluster uses legacy, and a role to be dropped has no temporary objects."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flatsplit import ddl
from flatsplit.catalog import owned_elsewhere, temporary_dependencies
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
    drop = asked.context.config.retire == "drop" and not asked.context.bootstrap
    if not owned and not used:
        kept = temporary_dependencies(asked.session.driver, legacy) if last and drop else ()
        return _temporary(legacy, kept) or GateResult("elsewhere", True, f"{legacy} is not used by other databases")
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


def _temporary(legacy: str, kept: Sequence[str]) -> GateResult | None:
    """Closed while there are temporary objects of a role that is to be dropped: DROP ROLE is refused until then.

    They end with their session, but a crash of the server leaves them until autovacuum comes by.
    """
    if not kept:
        return None
    schemas = sorted({found[0] for each in kept if (found := re.search(r"\bpg_temp_\d+\b", each))})
    drops = " ".join(f"DROP SCHEMA {ddl.ident(schema)} CASCADE;" for schema in schemas)
    return GateResult(
        "elsewhere",
        False,
        f"there are temporary objects of {legacy}: {', '.join(kept[:3])}",
        "end the session that they belong to: it began before lock-legacy, or acts as the role by SET ROLE. "
        f"If there is none, a crash of the server has left them: autovacuum drops them, or a superuser does: {drops}",
        waivable=False,
    )


GATE = Gate("elsewhere", judge, "no other database of the cluster uses the old role")
