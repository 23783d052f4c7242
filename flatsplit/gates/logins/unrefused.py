"""unrefused: nobody is refused what he asks for: as a login that is closed, or by the rights of one that is in use.

Once the former password is forgotten there is no quick way back. Who still asks for a login that the step ``leaves``
was overlooked, and is heard in the server's log alone.
"""

from __future__ import annotations

from typing import Any

from flatsplit import blueprint
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.unrefused import KEY
from flatsplit.gates.unrefused import judge as of_the_application
from flatsplit.model import GateResult
from flatsplit.server.sessions import server_clock
from flatsplit.trail.logins import failed_logins

_SHOWN = 3


def judge(asked: Asked[Any]) -> GateResult:
    """Closed with those who were turned away since the step before, else with what the application is refused."""
    leaving = asked.does.leaves(asked.context)
    since = asked.before.finished_at or server_clock(asked.session.driver)
    for role in leaving:
        if role not in asked.state.roles or asked.state.roles[role].login:
            continue
        found = failed_logins(asked.session, role, since, asked.logs)
        if found.clients:
            told = ", ".join(str(one) for one in [*found.clients.values()][:_SHOWN])
            more = f" and {len(found.clients) - _SHOWN} more" if len(found.clients) > _SHOWN else ""
            return GateResult(
                KEY,
                False,
                f"somebody still asks for {role}: {told}{more}",
                "give them the login that goes on, and wait: the former one could be let in again until this step. "
                "Or waive it, where nobody needs them",
            )
    config = asked.config
    application = blueprint.application(config)
    if not leaving or {*leaving} & {application, *(config.logins(application) or ())}:
        return of_the_application(asked)
    return GateResult(KEY, True, f"nobody asks for {' and '.join(leaving)}, as far as the log can be read")


GATE = Gate(KEY, judge)
