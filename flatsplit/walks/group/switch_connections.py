"""switch-connections: people change programs from the role to one of its logins."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import group, rests
from flatsplit.walks.group.context import Context
from flatsplit.walks.kind import Roles, Step


def apply(state: State, _: Context) -> State:
    """The State itself: this step changes no facts."""
    return state


def logins(context: Context) -> Roles:
    """The logins that people are to use."""
    return context.opened


def itself(context: Context) -> Roles:
    """The role that becomes a group."""
    return (context.role,)


STEP = Step(
    key=group.SWITCH_CONNECTIONS,
    title="Switch connections",
    purpose="People point whoever logs in as the group at one of its logins. flatsplit changes nothing here; it "
    "watches until a login is in use and nobody logs in as the group itself, and it finds that a login acts as it.",
    apply=apply,
    gates=("acts", "seen", "drained"),
    rests=rests.drain,
    comes=logins,
    leaves=itself,
    by_people="people move the connections",
    watch=(
        "Errors of the application with SQLSTATE 42501 (insufficient privilege).",
        "Who is still connected as the group itself.",
        (
            "A session that began as the group cannot see its own row in pg_stat_activity, nor end or cancel other "
            "sessions of its login."
        ),
    ),
    stop=("New tables belong to a login and not to the group.",),
)
