"""drained: nobody has logged in as a role that the step ``leaves``, for as long as it ``rests``."""

from __future__ import annotations

from typing import Any

from flatsplit.gates import quiet
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.logins import sessions
from flatsplit.model import GateResult
from flatsplit.server.sessions import server_clock


def judge(asked: Asked[Any]) -> GateResult:
    """Open once nobody has for long enough since the step began."""
    leaving = asked.does.leaves(asked.context)
    if found := sessions.here(asked, leaving):
        return sessions.left("drained", found, asked)
    started = asked.records[asked.step].started_at or server_clock(asked.session.driver)
    return quiet.gate("drained", sessions.quiet(asked, leaving, started), asked.rest, f"{asked.step} begun")


GATE = Gate("drained", judge, "nobody has logged in as the role that is left for as long as drain says")
