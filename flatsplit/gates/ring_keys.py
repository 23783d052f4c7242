"""ring-keys: every key that [tenants] rings names is a tenant's."""

from __future__ import annotations

from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.tenants.rings import unknown
from flatsplit.walks.tenants.context import Context


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first key in the rings that no tenant has."""
    context = asked.context
    strange = unknown(context.tenants, context.all_keys)
    if not strange:
        return GateResult("ring-keys", True, "every key in [tenants] rings is a tenant's")
    key, advice = next(iter(strange.items()))
    more = f" (and {len(strange) - 1} more)" if strange.keys() - {key} else ""
    return GateResult("ring-keys", False, f"[tenants] rings: no tenant has the key {key!r}{more}", advice)


GATE = Gate("ring-keys", judge, "every key in [tenants] rings is a tenant's")
