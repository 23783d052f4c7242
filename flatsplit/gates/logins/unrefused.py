"""unrefused: no login that was closed is asked for, and the logins in use are refused nothing.

Once the former password is removed there is no quick way back. A client that still asks for a login that the step
``leaves`` was overlooked, and only the server's log shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flatsplit import blueprint
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.unrefused import KEY, with_logs
from flatsplit.gates.unrefused import judge as of_the_application
from flatsplit.model import GateResult
from flatsplit.server.sessions import server_clock

if TYPE_CHECKING:
    from flatsplit.trail.logins import FailedLogins


def judge(asked: Asked[Any]) -> GateResult:
    """Closed with clients that were refused since the step before; otherwise by what the application is being refused.

    Where the log does not tell, the result says so, with what would: no line in it does not mean that there is no such
    client.
    """
    leaving = asked.does.leaves(asked.context)
    since = asked.before.finished_at or server_clock(asked.session.driver)
    shut = [role for role in leaving if role in asked.state.roles and not asked.state.roles[role].login]
    heard = list(_heard(asked, shut, since))
    for found in heard:
        if found.clients:
            return _asked_for(found)
    config = asked.config
    application = blueprint.application(config)
    theirs = not leaving or {*leaving} & {application, *(config.logins(application) or ())}
    result = of_the_application(asked) if theirs else None
    if not heard:
        return result or GateResult(KEY, True, f"{' and '.join(leaving)} may log in, so nobody is turned away")
    return gate(heard, result, with_logs(asked))


def _heard(asked: Asked[Any], shut: Sequence[str], since: datetime) -> Iterator[FailedLogins]:
    if shut:
        from flatsplit.trail.logins import failed_logins  # imports what reads logs, which most commands do not need

        yield from (failed_logins(asked.session, role, since, asked.logs) for role in shut)


def _asked_for(found: FailedLogins) -> GateResult:
    return GateResult(
        KEY,
        False,
        f"somebody still asks for {found.role}: {found}",
        "give them the login that goes on, and wait: the former one could be let in again until this step. "
        "Or waive it, where nobody needs them",
    )


def gate(heard: list[FailedLogins], result: GateResult | None, better: str) -> GateResult:
    """The gate where no client was refused. ``result``: what the application is being refused, where that
    counts too.
    """
    if result is not None and not result.open:
        return result
    whom = " or ".join(found.role for found in heard)
    blind = next((found.blind for found in heard if found.blind), "")
    begins = max(found.begins for found in heard)
    if result is not None and blind and result.reason == f"not known: {blind}":
        nothing = f"whether somebody asks for {whom}, or is refused what he needs, is not known: {blind}"
        return replace(result, reason=nothing, fix=better)
    reason = f"nobody asks for {whom} since {begins}" if begins else f"whether somebody asks for {whom} is not known"
    if blind and (result is None or blind not in result.reason):  # once is enough for the same log
        reason += f"; not known: {blind}" if begins else f": {blind}"
    if result is None:
        return GateResult(KEY, True, reason, better if blind else "", notice=bool(blind))
    return replace(
        result,
        reason=f"{reason}; {result.reason}",
        fix=better if blind else result.fix,
        notice=bool(blind) or result.notice,
    )


GATE = Gate(KEY, judge, "nobody is refused a login or a right, as far as the server's log can be read")
