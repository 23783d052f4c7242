"""close-group: the role itself does not log in any more."""

from __future__ import annotations

from flatsplit.model import State, Statement
from flatsplit.walks import group, rests
from flatsplit.walks.draft import Draft
from flatsplit.walks.group.context import Context
from flatsplit.walks.group.switch_connections import itself, logins
from flatsplit.walks.kind import Step
from flatsplit.walks.sessions import last_sessions


def apply(state: State, context: Context) -> State:
    """NOLOGIN, to find who still uses it. The password stays, so that one statement lets it in again."""
    draft = Draft(state)
    draft.role(context.role, login=False)
    return draft.state()


def _closed(state: State, context: Context) -> bool:
    """Whether somebody has run the SQL of this step by hand."""
    facts = state.roles.get(context.role)
    return facts is not None and context.before.login and not facts.login


def _ending_sessions(context: Context) -> tuple[Statement, ...]:
    """Statements that end the open sessions, which NOLOGIN does not. Sessions of its logins are not the group's,
    whatever role they act as.
    """
    return last_sessions(context.role, f"end the last sessions of {context.role} itself in this database")


STEP = Step(
    key=group.CLOSE_GROUP,
    title="Close the group",
    purpose="The scream test: the group itself may no longer log in, and its own last sessions in this database are "
    "ended; those of its logins go on. Whoever was overlooked is heard now, while one statement undoes it.",
    apply=apply,
    gates=("no-blockers", "soaked", "unrefused", "elsewhere"),
    rests=rests.soak,
    comes=logins,
    leaves=itself,
    adds=_ending_sessions,
    retires=itself,
    by_hand=_closed,
    watch=("Failed logins as the group in the server log (SQLSTATE 28000).",),
    stop=("Anything at all asks for the group itself: undo at once, then find out what it was.",),
)
