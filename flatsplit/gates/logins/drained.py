"""drained: nobody has logged in as a role that the step ``leaves``, for as long as it ``rests``."""

from __future__ import annotations

from typing import Any

from flatsplit.gates import quiet
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.logins import sessions
from flatsplit.model import GateResult


def judge(asked: Asked[Any]) -> GateResult:
    """Open once nobody has for long enough since the step began."""
    leaving = asked.does.leaves(asked.context)
    if found := sessions.here(asked, leaving):
        return sessions.left("drained", found, asked)
    return quiet.since_begun("drained", asked, sessions.quiet(asked, leaving, asked.begun), asked.rest)


GATE = Gate("drained", judge, "nobody has logged in as the role that is left for as long as drain says")
