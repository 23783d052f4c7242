"""seen: the new roles have been seen connected since they may log in."""

from __future__ import annotations

from datetime import datetime

from flatsplit import blueprint
from flatsplit.connection import APPLICATION_NAME
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.sessions import clients
from flatsplit.model import GateResult
from flatsplit.walks import split
from flatsplit.walks.split.context import Context


def judge(asked: Asked[Context]) -> GateResult:
    """Open once app_user and app_migrator, or members of them, were connected; with ``repurpose``,
    app_migrator alone.
    """
    who = blueprint.who(asked.context.config)
    wanted = [who.owner]
    if asked.context.config.retire != "repurpose":
        wanted.insert(0, who.application)
    database = asked.state.target.database
    # Without verify's own logins
    there = [client for client in clients(asked) if client.application != APPLICATION_NAME]
    here = {role for client in there if client.database == database for role in client.acts_as}
    since = asked.records[split.ENABLE_LOGIN].started_at
    parts = f"the migration tool at {who.owner}"
    if wanted[1:]:
        parts = f"the application at {who.application} and {parts}"
    missing = [role for role in wanted if role not in here and not _observed(asked, role, since)]
    if not missing:
        return GateResult("seen", True, f"{' and '.join(wanted)} {'have' if wanted[1:] else 'has'} connected")
    named = " and ".join(_named(asked, role) for role in missing)
    return GateResult(
        "seen",
        False,
        f"{named} {'have' if missing[1:] else 'has'} not been seen connected",
        f"point {parts}; run `flatsplit observe` while they are connected",
    )


def _named(asked: Asked[Context], role: str) -> str:
    """The role; for a group with the names of its logins."""
    logins = asked.context.config.logins(role)
    return f"{role} (nor a member of it: {', '.join(logins)})" if logins else role


def _observed(asked: Asked[Context], role: str, since: datetime | None) -> bool:
    last = asked.journal.last_seen(role, asked.state.target.database)
    return last is not None and (since is None or last >= since)


GATE = Gate("seen", judge, "the application and the migration tool have been seen connected under their new roles")
