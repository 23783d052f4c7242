"""unrefused: nothing that the application asks for is being refused, where the server's log can be read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from flatsplit import blueprint
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.server.sessions import server_clock
from flatsplit.trail.refused import OURS, Lately, lately, rehearsed
from flatsplit.words import count

KEY: Final = "unrefused"

LATELY = timedelta(hours=24)
TAIL = 64 * 1024 * 1024
_FEW = 3


def judge(asked: Asked[Any]) -> GateResult:
    """Closed with the statements that were refused since the step before, and would be again; an attack closes nothing.

    Not further back than a day: what was granted since is nobody's trouble any more.
    """
    config, now = asked.context.config, server_clock(asked.session.driver)
    since = max(asked.before.finished_at or now, now - LATELY)
    found = lately(asked.session, config, since, TAIL, logs=asked.logs)
    if any(one.judgement != "suspicious" for one in found.refusals):
        found = rehearsed(asked.session, config, asked.state, found)
    return gate(found, blueprint.application(config))


def gate(found: Lately, role: str) -> GateResult:
    """The gate on what was found."""
    if found.why:
        return GateResult(KEY, True, f"not known: {found.why}; `flatsplit who --refused --log FILE` tells")
    theirs = [one for one in found.refusals if one.act != OURS]
    missing = [one for one in theirs if one.judgement != "suspicious" and not one.mended]
    alarms = sum(one.times for one in theirs if one.judgement == "suspicious")
    alarm = f"; and {count(alarms, 'suspicious attempt')}: `flatsplit who --refused`" if alarms else ""
    if not missing:
        back = f" since {found.begins}" if found.begins else ""
        return GateResult(KEY, True, f"nothing that {role} needs was refused{back}{alarm}", notice=bool(alarms))
    said = ", ".join(f"{one.act} {one.object}".rstrip() + f" ({one.times} ×)" for one in missing[:_FEW])
    more = f" and {len(missing) - _FEW} more" if missing[_FEW:] else ""
    return GateResult(
        KEY,
        False,
        f"{missing[0].login} is refused what it asks for: {said}{more}{alarm}",
        f"{missing[0].remedy.rstrip('.;')}; `flatsplit status` has all. Or waive it, where it is to stay refused",
    )


GATE = Gate(KEY, judge)
