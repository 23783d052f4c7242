"""covered: nobody loses sight of a row when row-level security comes, and tenants get no right from PUBLIC."""

from __future__ import annotations

from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.walks.tenants.context import Context
from flatsplit.walks.tenants.table_requirements import uncovered


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first table where a role would lose rows, or tenants would get some."""
    context = asked.context
    found = list(uncovered(asked.state, context, context.told.keys(), context.apart.keys()))
    if not found:
        return GateResult("covered", True, f"all roles with rights on {len(context.apart)} tables are named")
    more = f" (and {len(found) - 1} more)" if found[1:] else ""
    return GateResult("covered", False, found[0].what + more, found[0].fix)


GATE = Gate(
    "covered",
    judge,
    "nobody loses sight of a row when row-level security is switched on, and tenants inherit no right from PUBLIC",
)
