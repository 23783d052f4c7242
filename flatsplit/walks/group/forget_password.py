"""forget-password: the group has no password any more, so that LOGIN granted by mistake lets nobody in."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import group, rests
from flatsplit.walks.draft import Draft
from flatsplit.walks.group.context import Context
from flatsplit.walks.group.switch_connections import itself, logins
from flatsplit.walks.kind import Step


def apply(state: State, context: Context) -> State:
    """PASSWORD NULL for the role, which does not log in."""
    draft = Draft(state)
    facts = state.roles.get(context.role)
    if facts is not None and not facts.login:
        draft.role(context.role, password=False)
    return draft.state()


STEP = Step(
    key=group.FORGET_PASSWORD,
    title="Forget the group's password",
    purpose="Takes the old password from the group. Nothing brings it back: to take the walk back after this step, "
    "give the group a new one (psql's \\password) once it may log in again.",
    apply=apply,
    gates=("soaked", "unrefused"),
    rests=rests.soak,
    comes=logins,
    leaves=itself,
    watch=("Failed logins as the group in the server log (SQLSTATE 28000): somebody was overlooked.",),
)
