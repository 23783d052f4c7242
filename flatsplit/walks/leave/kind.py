"""The kind ``leave``: its steps in their order, its context and its origin."""

from __future__ import annotations

from collections.abc import Callable

from flatsplit import ddl
from flatsplit.model import UNTOUCHED, State
from flatsplit.walks import leave, split
from flatsplit.walks.kind import Kind, Moment, Roles
from flatsplit.walks.leave import drop, hand_over, lock
from flatsplit.walks.leave.context import Context
from flatsplit.walks.leave.origin import origin, reduce
from flatsplit.walks.leave.preconditions import refuses


def _context(moment: Moment) -> Context:
    return Context(moment.config, moment.baseline, moment.subject)


def _nobody(_: Context) -> Roles:
    return ()


def _heir(context: Context) -> str:
    return context.heir


def _stands_on(context: Context) -> Roles:
    return (context.heir,)


def _remembers(moment: Moment, context: Context, before: Callable[[], State]) -> State | None:
    """What to remember, again until the hand-over: a session that was open at ``lock`` may have gone on working."""
    if moment.states[leave.HAND_OVER] not in UNTOUCHED:
        return None
    return reduce(before(), context.person)


def _meanwhile(context: Context) -> str:
    """Locks the person out at once, which the walk finds done."""
    return f"{ddl.alter_role(context.person, 'NOLOGIN')} {ddl.terminate_sessions(context.person)}"


LEAVE = Kind(
    name=leave.NAME,
    summary="a person goes: locked, handed over, dropped",
    about="NAME",
    steps=(lock.STEP, hand_over.STEP, drop.STEP),
    subject=lock.herself,
    makes=_nobody,
    heir=_heir,
    context=_context,
    backward=_context,
    origin=origin,
    remembers=_remembers,
    stands_on=_stands_on,
    lets_go_of=_stands_on,
    refuses=refuses,
    joins=split.ENABLE_LOGIN,
    meanwhile=_meanwhile,
)
