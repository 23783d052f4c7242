"""open-logins: the first login of a pair may log in, or every login where there is no pair."""

from __future__ import annotations

from flatsplit.model import RoleFacts, State
from flatsplit.walks import group
from flatsplit.walks.draft import Draft
from flatsplit.walks.group.context import Context
from flatsplit.walks.kind import Roles, Step


def apply(state: State, context: Context) -> State:
    """LOGIN with a password. The second login of a pair stays NOLOGIN without a password until a rotation changes to
    it.
    """
    draft = Draft(state)
    if _changed_over(state, context):
        return state
    for login in context.opened:
        facts = draft.roles.get(login)
        if facts is not None and (not facts.login or login in _logins(context)):
            draft.let_in(login, password=context.config.auth == "password")
    return draft.state()


def _changed_over(state: State, context: Context) -> bool:
    """Whether the second login of the pair can log in and could not at first: then a rotation has changed to it."""
    second = context.logins[-1]
    could = context.baseline.roles.get(second, RoleFacts()).login
    return len(context.logins) == 2 and state.roles.get(second, RoleFacts()).login and not could


def _opened(state: State, context: Context) -> bool:
    """Whether a login can log in that could not when first seen."""
    could = {name for name, facts in context.baseline.roles.items() if facts.login}
    return any(state.roles.get(name, RoleFacts()).login for name in context.opened if name not in could)


def _logins(context: Context) -> Roles:
    """The logins whose sessions are the walk's: not those that existed before."""
    return tuple(name for name in context.logins if not context.baseline.roles.get(name, RoleFacts()).login)


STEP = Step(
    key=group.OPEN_LOGINS,
    title="Let the logins in",
    purpose="Gives the first of two logins, or all where there are not two, LOGIN and a password. The second of two "
    "stays shut until passwords are rotated. The group may go on logging in itself: nobody has to change over at once.",
    apply=apply,
    by_hand=_opened,
    vacates=_logins,
    watch=("Nothing changes for whoever is connected.",),
)
