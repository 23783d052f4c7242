"""lock: the person does not log in any more."""

from __future__ import annotations

from flatsplit.model import State, Statement
from flatsplit.walks import leave
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Roles, Step
from flatsplit.walks.leave.context import Context
from flatsplit.walks.sessions import last_sessions


def apply(state: State, context: Context) -> State:
    """NOLOGIN. Everything else stays as it is, so that one statement lets the person in again."""
    draft = Draft(state)
    draft.role(context.person, login=False)
    return draft.state()


def _locked(state: State, context: Context) -> bool:
    """Whether somebody has run the SQL of this step by hand."""
    facts = state.roles.get(context.person)
    return facts is not None and context.before.login and not facts.login


def _ending_sessions(context: Context) -> tuple[Statement, ...]:
    """Statements that end the open sessions, which NOLOGIN does not."""
    return last_sessions(context.person)


def herself(context: Context) -> Roles:
    """The person's role."""
    return (context.person,)


STEP = Step(
    key=leave.LOCK,
    title="Lock the person out",
    purpose="The person may no longer log in, in no database of the cluster, and her sessions in this one are ended. "
    "Nothing else changes: one statement lets her in again.",
    apply=apply,
    adds=_ending_sessions,
    retires=herself,
    by_hand=_locked,
    watch=("Failed logins as her in the server log (SQLSTATE 28000): jobs, dashboards, scripts that nobody knew of.",),
    stop=("Something that is needed ran in her name: let her in again, give it a role of its own, then go on.",),
)
