"""open: the resting login may log in, with a new password."""

from __future__ import annotations

from flatsplit.model import RoleFacts, State
from flatsplit.walks import rotate
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.rotate.context import Context, coming


def apply(state: State, context: Context) -> State:
    """LOGIN with a password. A store gets it first, so that a call after a kill goes on with the same one."""
    draft = Draft(state)
    for login in context.twins:  # the former one goes on until it is closed
        draft.let_in(login, password=True)
    return draft.state()


def _opened(state: State, context: Context) -> bool:
    """Whether somebody has run the SQL of this step by hand."""
    return state.roles.get(context.coming, RoleFacts()).login


STEP = Step(
    key=rotate.OPEN,
    title="Let the twin in",
    purpose="Gives the twin LOGIN and a new password. The other one goes on logging in with its own: nobody has to "
    "change over at once.",
    apply=apply,
    gates=("twins-alike",),
    by_hand=_opened,
    vacates=coming,
    watch=("Nothing changes for whoever is connected.",),
)
