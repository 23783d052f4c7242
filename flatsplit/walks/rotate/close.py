"""close: the former login of the pair does not log in any more."""

from __future__ import annotations

from flatsplit.model import RoleFacts, State, Statement
from flatsplit.walks import rotate
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.rotate.context import Context, coming, former
from flatsplit.walks.sessions import last_sessions


def apply(state: State, context: Context) -> State:
    """NOLOGIN, to find who still uses it. The password stays, so that one statement lets it in again."""
    draft = Draft(state)
    draft.role(context.former, login=False)
    return draft.state()


def closed(state: State, context: Context) -> bool:
    """Whether somebody has run the SQL of this step by hand."""
    return context.former in state.roles and not state.roles.get(context.former, RoleFacts()).login


def _ending_sessions(context: Context) -> tuple[Statement, ...]:
    """Statements that end the open sessions, which NOLOGIN does not."""
    return last_sessions(context.former)


STEP = Step(
    key=rotate.CLOSE,
    title="Close the former twin",
    purpose="The scream test: the former twin may no longer log in, and its last sessions in this database are ended. "
    "Whoever was overlooked is heard now, while one statement undoes it: the former password is still there.",
    apply=apply,
    gates=("no-blockers", "soaked", "elsewhere"),
    comes=coming,
    leaves=former,
    adds=_ending_sessions,
    ends=former,
    retires=former,
    by_hand=closed,
    watch=("Failed logins as the former twin in the server log (SQLSTATE 28000).",),
    stop=("Anything at all asks for the former twin: undo at once, then find out what it was.",),
)
