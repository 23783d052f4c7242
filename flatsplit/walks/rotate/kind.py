"""The kind ``rotate``: its steps, and what makes one walk of them."""

from __future__ import annotations

from collections.abc import Callable, Collection

from flatsplit.model import UNTOUCHED, State
from flatsplit.walks import rotate
from flatsplit.walks.kind import Kind, Moment, Roles
from flatsplit.walks.rotate import change_password, reconnect
from flatsplit.walks.rotate.context import Context
from flatsplit.walks.rotate.refusing import INPLACE, LEAKED, picks, refuses
from flatsplit.walks.undo import remembered


def _context(moment: Moment) -> Context:
    return Context(moment.config, moment.baseline, moment.subject)


def _subject(context: Context) -> Roles:
    return (context.role,)


def _makes(_: Context) -> Roles:
    return ()


def _heir(context: Context) -> str:
    return context.role


def _origin(live: State, _: Context, __: Collection[str]) -> State:
    return live


def _remembers(moment: Moment, context: Context, origin: Callable[[], State]) -> State | None:
    begun = any(state not in UNTOUCHED for state in moment.states.values())
    return None if begun else remembered(origin(), _subject(context))


ROTATE = Kind(
    name=rotate.NAME,
    summary="another password for ROLE, and proof that the old one is dead",
    about="ROLE",
    ways=(LEAKED, INPLACE),
    steps=(change_password.STEP, reconnect.STEP),
    subject=_subject,
    makes=_makes,
    heir=_heir,
    context=_context,
    backward=_context,
    origin=_origin,
    remembers=_remembers,
    picks=picks,
    refuses=refuses,
)
