"""A kind of walk that only tests have: ROLE gets a deputy that acts as it, then may not log in itself any more.

Two steps and one gate, as small as a kind can be and still make a role, change another's facts, wait, and go back. As
a program this is flatsplit with that kind: ``python -m tests.support.deputy begin deputy reporting``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from flatsplit import gates
from flatsplit.config import Config
from flatsplit.gates import Asked, Gate
from flatsplit.model import GateKey, GateResult, RoleFacts, State
from flatsplit.walks import marks
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Kind, Moment, Roles, Step
from flatsplit.walks.kinds import registered
from flatsplit.walks.undo import remembered, unmade

MAKE, HUSH = "make-deputy", "hush"
INVITED = cast(GateKey, "invited")


@dataclass(frozen=True)
class Context:
    config: Config
    baseline: State
    role: str

    @property
    def deputy(self) -> str:
        return f"{self.role}_deputy"


def _context(moment: Moment) -> Context:
    return Context(moment.config, moment.baseline, moment.subject)


def _make(state: State, context: Context) -> State:
    draft = Draft(state)
    if context.role in state.roles:
        draft.new_role(context.deputy, RoleFacts(comment=marks.mark(state.target.database)))
        draft.member(context.role, context.deputy)
    return draft.state()


def _hush(state: State, context: Context) -> State:
    draft = Draft(state)
    draft.role(context.role, login=False)
    return draft.state()


def _hushed(context: Context) -> Roles:
    return (context.role,)


def _subject(context: Context) -> Roles:
    return (context.role, context.deputy)


def _makes(context: Context) -> Roles:
    return (context.deputy,)


def _heir(context: Context) -> str:
    return context.role


def _origin(live: State, context: Context, begun: Collection[str]) -> State:
    state = unmade(live, context.baseline, _makes(context))
    before = context.baseline.roles.get(context.role)
    if HUSH not in begun or before is None:
        return state
    draft = Draft(state)
    draft.role(context.role, login=before.login)
    return draft.state()


def _remembers(moment: Moment, context: Context, origin: Callable[[], State]) -> State | None:
    begun = any(state not in ("pending", "rolled_back") for state in moment.states.values())
    return None if begun else remembered(origin(), _subject(context))


def _refuses(moment: Moment) -> tuple[str, str] | None:
    if moment.subject in moment.live.roles:
        return None
    return f"there is no role {moment.subject!r}", r"psql's \du lists the roles of the cluster"


def _invited(asked: Asked[Context]) -> GateResult:
    deputy = asked.context.deputy
    if deputy in asked.state.roles and asked.state.roles[deputy].connection_limit >= 0:
        return GateResult(INVITED, True, f"{deputy} has a connection limit")
    return GateResult(INVITED, False, f"{deputy} has no connection limit", f'ALTER ROLE "{deputy}" CONNECTION LIMIT 5;')


DEPUTY = Kind(
    name="deputy",
    summary="ROLE gets a deputy and is hushed",
    about="ROLE",
    steps=(
        Step(key=MAKE, title="Make the deputy", purpose="Makes a role that acts as another.", apply=_make),
        Step(
            key=HUSH,
            title="Hush the role",
            purpose="It logs in no more.",
            apply=_hush,
            gates=(INVITED,),
            retires=_hushed,
        ),
    ),
    subject=_subject,
    makes=_makes,
    heir=_heir,
    context=_context,
    backward=_context,
    origin=_origin,
    remembers=_remembers,
    refuses=_refuses,
)


@contextmanager
def known(kind: Kind[Any] = DEPUTY) -> Iterator[None]:
    """A flatsplit that has this kind, and its gate."""
    gates.REGISTRY[INVITED] = Gate(INVITED, _invited, "somebody was invited")
    with registered(kind):
        yield


if __name__ == "__main__":
    from flatsplit.cli import main

    with known():
        sys.exit(main())
