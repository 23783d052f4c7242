"""no-blockers: nobody logs in with the former password whom no deploy of the application reaches.

A walsender that runs survives, and fails at its next connect, while its slot holds WAL back; so does a foreign server's
connection. Both have the password in a configuration of their own, on another machine.
"""

from __future__ import annotations

from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.server.asking import ask
from flatsplit.walks.rotate.context import Context

_CURES = {
    "replication": "ALTER SUBSCRIPTION … CONNECTION on the subscriber, or primary_conninfo on the standby",
    "foreign tables": "ALTER USER MAPPING on the server that asks",
}


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first of them."""
    context = asked.context
    roles = [context.former] if context.twins else [context.role]
    rows = ask(asked.session.driver, "holders", {"roles": roles})
    if not rows:
        return GateResult("no-blockers", True, f"neither replication nor a foreign server is connected as {roles[0]}")
    role, what, application, client = rows[0]
    more = f" and {len(rows) - 1} more" if rows[1:] else ""
    whom = f"as {context.coming}" if context.twins else "with the new password, as soon as it is changed"
    return GateResult(
        "no-blockers",
        False,
        f"{what} logs in as {role} with a password of its own configuration: "
        f"{application or 'no application_name'} from {client}{more}",
        f"let it log in {whom}: {_CURES[what]}",
    )


GATE = Gate("no-blockers", judge)
