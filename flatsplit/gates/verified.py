"""verified: each role can and cannot do what it should."""

from __future__ import annotations

from typing import Any

from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.rights.special import GONE


def judge(asked: Asked[Any]) -> GateResult:
    """Closed with the first expectation that does not hold, by the catalog or when tried."""
    checks = asked.checks()
    wrong = [check for check in checks if not check.ok]
    if wrong:
        check = wrong[0]
        verb = "cannot" if check.expected else "can"
        what = f"{check.role} {verb} {check.act}: {', '.join(check.exceptions)}"
        if all(name.endswith(GONE) for name in check.exceptions):
            return GateResult("verified", False, what, "correct what the list in flatsplit.toml names, or take it out")
        undone = "what somebody revoked has to be granted"
        if not check.expected:
            undone = f"what somebody granted to {check.role}, its groups or PUBLIC has to be revoked"
        return GateResult("verified", False, what, f"run flatsplit verify for the whole matrix; {undone} by hand")
    failed = asked.failed()
    if failed:
        trial = failed[0]
        why = f" ({trial.reason})" if trial.reason else ""
        what = f"tried: {trial.role} {'cannot' if trial.expected else 'can'} {trial.act} {trial.target}{why}"
        fix = "run flatsplit verify for everything that was tried"
        if trial.expected:
            fix += "; doctor says what to put into flatsplit.toml: the [grants] that help, or what leaves it behind"
        return GateResult("verified", False, what, fix)
    return GateResult("verified", True, f"{len(checks)} expectations hold")


GATE = Gate("verified", judge, "each role can and cannot do what it should")
