"""change: the role has another password, and the former one does not work any more."""

from __future__ import annotations

from flatsplit import ddl
from flatsplit.model import State, Statement
from flatsplit.walks import rotate
from flatsplit.walks.kind import Roles, Step
from flatsplit.walks.rotate.context import Context


def apply(state: State, _: Context) -> State:
    """The State itself: that there is a password stays true."""
    return state


def _setting_it(context: Context) -> tuple[Statement, ...]:
    return (
        Statement(
            description=f"role {context.role}: another password",
            sql=ddl.change_password(context.role),
            undo="",
            lock="",
            secrets=(context.role,),
            alone=True,
        ),
    )


def _role(context: Context) -> Roles:
    return (context.role,)


STEP = Step(
    key=rotate.CHANGE,
    title="Change the password",
    purpose="Gives the role another password and logs in with it. Where that fails, a superuser's run puts the former "
    "one back at once, from memory. Sessions that are open go on; who connects with the former password from now on is "
    "refused, until its client has the new one. There is no way back later: nobody but its users knows the former one.",
    apply=apply,
    gates=("no-blockers",),
    adds=_setting_it,
    proves=_role,
    forgets=_role,
    watch=("Failed logins as the role in the server log (SQLSTATE 28P01).",),
    stop=("Clients that cannot be given the new password keep asking with the former one.",),
)
