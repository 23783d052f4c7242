"""unrefused: no statement of a tenant's connections is being refused, where the server's log can be read."""

from __future__ import annotations

from dataclasses import replace

from flatsplit.gates import unrefused
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.unrefused import KEY, LATELY
from flatsplit.model import GateResult
from flatsplit.server.sessions import server_clock
from flatsplit.trail.refused import lately
from flatsplit.walks.tenants.context import Context


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the statements refused since ``tenant-login`` was done, at most a day back."""
    now = server_clock(asked.session.driver)
    since = max(asked.before.finished_at or now, now - LATELY)
    heard = lately(asked.session, asked.config, since, instead=asked.context.connects, logs=asked.logs)
    found = unrefused.gate(heard, "a tenant", unrefused.with_logs(asked))
    if found.open:
        return found
    fix = "`flatsplit who --refused` has all: say what the table is under [tenants.tables], mend what asks for it"
    return replace(found, fix=f"{fix}, or waive this")


GATE = Gate(KEY, judge, "tenants are refused nothing, as far as the server's log can be read")
