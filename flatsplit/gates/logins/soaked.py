"""soaked: ``rests`` has passed since the step before, and nobody logged in as a role that this step ``leaves``."""

from __future__ import annotations

from typing import Any

from flatsplit.gates import quiet
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.logins import sessions
from flatsplit.model import GateResult, RoleFacts
from flatsplit.server.sessions import server_clock


def judge(asked: Asked[Any]) -> GateResult:
    """Open once it was quiet for long enough since the step before. Where none of them may log in, time is enough."""
    leaving, before = asked.does.leaves(asked.context), asked.before
    now = server_clock(asked.session.driver)
    finished, what = before.finished_at or now, f"{before.key} done"
    if leaving and (found := sessions.here(asked, leaving)):
        return sessions.left("soaked", found, asked)
    if able := [role for role in leaving if asked.state.roles.get(role, RoleFacts()).login]:
        return quiet.gate("soaked", sessions.quiet(asked, able, finished), asked.rest, what)
    return quiet.elapsed("soaked", asked.rest, now - finished, what)


GATE = Gate("soaked", judge, "soak has passed since the step before, and nobody logged in as the role that is left")
