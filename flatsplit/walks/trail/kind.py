"""The kind ``trail``: its steps in their order, its context and its origin."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from flatsplit.config import TrailWishes
from flatsplit.config.trail import HEADING
from flatsplit.model import State
from flatsplit.walks import trail
from flatsplit.walks.kind import Kind, Moment, Roles
from flatsplit.walks.trail import log_ddl, record_ddl
from flatsplit.walks.trail.context import SETTING, Context


def _context(moment: Moment) -> Context:
    return Context(moment.config, moment.baseline)


def _nobody(_: Context) -> Roles:
    """No role: the walk may be under way beside any other."""
    return ()


def _heir(context: Context) -> str:
    return context.config.legacy_role


def _origin(live: State, context: Context, begun: Collection[str]) -> State:
    state = log_ddl.taken_back(live, context) if trail.LOG_DDL in begun else live
    return state.but(recorder={}) if trail.RECORD_DDL in begun else state


def _remembers(moment: Moment, _: Context, origin: Callable[[], State]) -> State | None:
    """The settings of log_statement before the walk."""
    if any(state not in ("pending", "rolled_back") for state in moment.states.values()):
        return None
    before = origin()
    rows = {key: dict(row).get(SETTING) for key, row in before.settings.items()}
    return State(before.target, settings={key: ((SETTING, value),) for key, value in rows.items() if value is not None})


def _declares(moment: Moment) -> dict[str, str]:
    """The section says what is usual unless something else is written there: nobody asks for a trail by that."""
    wanted = moment.config.trail not in (TrailWishes(), replace(moment.config.trail, log=False, table=False))
    return {"": HEADING} if wanted else {}


def _refuses(moment: Moment) -> tuple[str, str] | None:
    if moment.live.recorder:
        return "structural changes are recorded already", "flatsplit status --walk trail"
    context = _context(moment)
    if TRAIL.through(moment.live, context, len(TRAIL.steps)) is moment.live:
        return "[trail] asks for nothing that is not there already", "set log or table to true in flatsplit.toml"
    return None


TRAIL = Kind(
    name="trail",
    summary="structural changes leave a trail: in the server's log, and in a table",
    steps=(log_ddl.STEP, record_ddl.STEP),
    subject=_nobody,
    makes=_nobody,
    heir=_heir,
    context=_context,
    backward=_context,
    origin=_origin,
    remembers=_remembers,
    refuses=_refuses,
    declares=_declares,
)
