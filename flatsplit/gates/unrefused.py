"""unrefused: the application is refused nothing, where the server's log can be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from flatsplit import blueprint
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import SPLIT, GateResult
from flatsplit.server.logged import NOWHERE, log_in_files
from flatsplit.server.sessions import server_clock
from flatsplit.words import count, listed

if TYPE_CHECKING:
    from flatsplit.trail.logins import FailedLogins
    from flatsplit.trail.refused import Lately

KEY: Final = "unrefused"

LATELY = timedelta(hours=24)
"""A refusal that is older counts no more."""


def judge(asked: Asked[Any]) -> GateResult:
    """Closed with the statements that were refused since the step before and would be again; an attack closes nothing.

    Not further back than a day: what has been granted since is no problem any more.
    """
    role, better = blueprint.application(asked.context.config), with_logs(asked)
    found = _lately(asked)
    return with_old_role(not_known(NOWHERE, better) if found is None else gate(found, role, better), _old_role(asked))


def counts_since(before: datetime | None, now: datetime) -> datetime:
    """Since when a refusal counts: since the step ``before`` was done, and for at most :data:`LATELY`."""
    return max(before or now, now - LATELY)


def _lately(asked: Asked[Any]) -> Lately | None:
    """What was refused; None where there is no log to read."""
    if not (asked.logs or log_in_files(asked.session.driver)):
        return None
    # Imports the parser of SQL, which is not needed without a log
    from flatsplit.trail.refused import lately, rehearsed

    config, now = asked.context.config, server_clock(asked.session.driver)
    found = lately(asked.session, config, counts_since(asked.before.finished_at, now), logs=asked.logs)
    if any(one.judgement != "suspicious" for one in found.refusals):
        found = rehearsed(asked.session, config, asked.state, found)
    return found


def _old_role(asked: Asked[Any]) -> FailedLogins | None:
    """Logins as the old role since it was locked; None while it may log in, and in other walks."""
    role = asked.config.legacy_role
    facts, locked = asked.state.roles.get(role), asked.before.finished_at
    if asked.name != SPLIT or facts is None or facts.login or locked is None:
        return None
    from flatsplit.trail.logins import failed_logins

    return failed_logins(asked.session, role, locked, asked.logs)


def with_old_role(result: GateResult, heard: FailedLogins | None) -> GateResult:
    """The result, with the clients that still ask for the old role: people should know, but it does not
    close the gate.
    """
    if heard is None:
        return result
    if heard.clients:
        seen = f"somebody still asks for {heard.role}: {heard}"
        better = (
            result.fix or f"see who that is before the next step: {heard.role} may not log in, and could again until it"
        )
        return replace(result, reason=f"{result.reason}; and {seen}", fix=better, notice=True)
    if heard.blind and "not known" not in result.reason:
        return replace(
            result, reason=f"{result.reason}; whether anybody asks for {heard.role} is not known: {heard.blind}"
        )
    return result


def with_logs(asked: Asked[Any]) -> str:
    """The command that names a log, where the server's own does not tell."""
    return f"{asked.typed('next')} --log FILE"


def not_known(why: str, better: str) -> GateResult:
    """The gate where nothing can be known."""
    return GateResult(KEY, True, f"not known: {why}", better, notice=True)


def gate(found: Lately, role: str, better: str) -> GateResult:
    """The gate for what was found. ``better``: what would tell where the log did not."""
    from flatsplit.trail.refused import OURS

    if found.why:
        return not_known(found.why, better)
    theirs = [one for one in found.refusals if one.act != OURS]
    missing = [one for one in theirs if one.judgement != "suspicious" and not one.mended]
    alarms = sum(one.times for one in theirs if one.judgement == "suspicious")
    alarm = f"; and {count(alarms, 'suspicious attempt')}: `flatsplit who --refused`" if alarms else ""
    if not missing:
        back = f" since {found.begins}" if found.begins else ""
        unknown = f"; not known: {found.blind}" if found.blind else ""
        reason = f"nothing that {role} needs was refused{back}{unknown}{alarm}"
        return GateResult(KEY, True, reason, better if unknown else "", notice=bool(alarms or unknown))
    said = listed([f"{one.act} {one.object}".rstrip() + f" ({one.times} ×)" for one in missing])
    return GateResult(
        KEY,
        False,
        f"{missing[0].login} is refused what it asks for: {said}{alarm}",
        f"{missing[0].remedy.rstrip('.;')}; `flatsplit status` has all. Or waive it, where it is to stay refused",
    )


GATE = Gate(KEY, judge, "the application is refused nothing, as far as the server's log can be read")
