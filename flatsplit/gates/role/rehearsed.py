"""rehearsed: everything that the role ran was rehearsed with the rights of its list alone, and nothing is refused."""

from __future__ import annotations

import shlex

from flatsplit.gates import rehearsed
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.rehearsed import KEY
from flatsplit.model import GateResult
from flatsplit.server.sessions import server_clock
from flatsplit.walks import role as keys
from flatsplit.walks.role.context import Context
from flatsplit.words import span


def judge(asked: Asked[Context]) -> GateResult:
    """Open where the last rehearsal as the role was clean and is newer than the grant."""
    role = asked.context.role
    command = f"flatsplit rehearse --as {shlex.quote(role)}"
    granted = asked.records[keys.GRANT].finished_at
    past = [one for one in rehearsed.past(asked.journal) if one.role == role]
    if not past or (granted is not None and past[-1].at < granted):
        return GateResult(KEY, False, f"nobody rehearsed as {role} since its list was granted", f"run `{command}`")
    last = past[-1]
    ago = span((server_clock(asked.session.driver) - last.at).total_seconds())
    told = f"{sum(last.summary.values()):,} statements rehearsed {ago} ago ({last.source})"
    if last.bad or last.summary.get("migrator"):
        bad = ", ".join(
            f"{last.summary[one]:,} {one}" for one in ("denied", "silent", "migrator") if last.summary.get(one)
        )
        return GateResult(KEY, False, f"{told}: {bad}", f"take the remedies that `{command}` names, then run it again")
    return GateResult(KEY, True, told)


GATE = Gate(KEY, judge, "all that the role ran was rehearsed with its own list alone, and nothing of it is refused")
