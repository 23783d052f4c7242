"""open: the role may log in."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import role as keys
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Roles, Step
from flatsplit.walks.role.context import Context


def apply(state: State, context: Context) -> State:
    """LOGIN, with a password where the configuration uses passwords."""
    draft = Draft(state)
    if context.special is not None:
        draft.let_in(context.role, password=context.config.auth == "password")
    return draft.state()


def _itself(context: Context) -> Roles:
    return (context.role,)


STEP = Step(
    key=keys.OPEN,
    title="Let the role log in",
    purpose="Gives the role LOGIN and a password. From now on its program can use it.",
    apply=apply,
    vacates=_itself,
    watch=("pg_hba.conf: a role of its own has to be let in from where its program runs, and from nowhere else.",),
)
