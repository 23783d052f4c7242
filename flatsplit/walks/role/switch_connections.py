"""switch-connections: people change the program to log in as the new role."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import role as keys
from flatsplit.walks.kind import Roles, Step
from flatsplit.walks.role.context import Context


def apply(state: State, _: Context) -> State:
    """The State itself: this step changes no facts."""
    return state


def _itself(context: Context) -> Roles:
    return (context.role,)


STEP = Step(
    key=keys.SWITCH_CONNECTIONS,
    title="Switch the program's connections",
    purpose="People let the program log in as its new role. flatsplit changes nothing here; it watches until the role "
    "was seen in use.",
    apply=apply,
    gates=("seen",),
    comes=_itself,
    by_people="people let the program log in as its role",
    watch=("Errors of the program with SQLSTATE 28P01 or 28000 (it cannot log in), or 42P01 (search_path).",),
)
