"""consistent: no row refers to one of another tenant, so that no cascade and no join crosses tenants."""

from __future__ import annotations

from typing import Any

from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.isolated import FIX, last
from flatsplit.model import GateResult


def judge(asked: Asked[Any]) -> GateResult:
    """By the counts of the last proof."""
    proof = last(asked)
    crossing = proof.details["crossing"] if proof is not None else None
    if crossing is None:
        return GateResult("consistent", False, "nobody has counted rows that name another tenant's", FIX)
    if crossing:
        return GateResult(
            "consistent",
            False,
            f"{crossing:,} rows name a row of another tenant's",
            "flatsplit tenants --survey --rows says in which tables; let the application mend them, then " + FIX,
        )
    return GateResult("consistent", True, "no row names one of another tenant's")


GATE = Gate("consistent", judge, "no row refers to a row of another tenant")
