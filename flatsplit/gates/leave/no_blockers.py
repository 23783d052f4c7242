"""no-blockers: nothing that the person leaves behind would do more under another owner."""

from __future__ import annotations

from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.reach import received
from flatsplit.model import GateResult
from flatsplit.walks.leave.context import Context
from flatsplit.walks.leave.preconditions import objections


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first objection, or with what the new owner may not be given."""
    found = list(objections(asked.state, asked.context.person))
    if not found:
        return received(asked, "no-blockers") or GateResult(
            "no-blockers", True, "nothing of hers runs with its owner's rights"
        )
    what, fix = found[0]
    more = f" (and {len(found) - 1} more)" if found[1:] else ""
    return GateResult("no-blockers", False, f"{what}{more}", fix)


GATE = Gate("no-blockers", judge, "nothing that the person owns would do more once somebody else owns it")
