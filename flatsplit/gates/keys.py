"""keys: every table with rows of tenants has a key that is never NULL and that an index begins with."""

from __future__ import annotations

from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.walks.tenants.context import Context
from flatsplit.walks.tenants.table_requirements import without_key


def judge(asked: Asked[Context]) -> GateResult:
    """Closed where a key may be NULL (unless such rows are read), where no index begins with it, and for long ways to
    it.
    """
    found = list(without_key(asked.context, asked.context.apart))
    if not found:
        return GateResult("keys", True, f"{len(asked.context.apart)} tables have a key that is NOT NULL and indexed")
    more = f" (and {len(found) - 1} more)" if found[1:] else ""
    return GateResult("keys", False, found[0].what + more, found[0].fix)


GATE = Gate("keys", judge, "every table whose rows are told apart has a tenant key that is NOT NULL and indexed")
