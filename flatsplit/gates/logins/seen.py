"""seen: one of the logins that people are to use (``comes``) was used."""

from __future__ import annotations

from typing import Any

from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.logins import sessions
from flatsplit.model import GateResult


def judge(asked: Asked[Any]) -> GateResult:
    """Open once a session of one of them was seen since the step before began, which lets them log in."""
    database, coming = asked.state.target.database, asked.does.comes(asked.context)
    since = asked.before.started_at
    there = {one.role for one in sessions.here(asked, coming)}
    for login in coming:
        last = asked.journal.last_login(login, database)
        if login in there or (last is not None and (since is None or last >= since)):
            return GateResult("seen", True, f"{login} has connected")
    leaving = " or ".join(asked.does.leaves(asked.context))
    whom = f"who logs in as {leaving}" if leaving else "whom it is for"
    return GateResult(
        "seen",
        False,
        f"{' nor '.join(coming)} has not been seen connected",
        f"point {whom} at {coming[0]}; run `flatsplit observe` while it is connected",
    )


GATE = Gate("seen", judge, "the new login has been seen connected")
