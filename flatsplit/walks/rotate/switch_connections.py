"""switch-connections: the store hands out the new login and password, and people change what connects."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import rests, rotate
from flatsplit.walks.kind import Step
from flatsplit.walks.rotate.context import Context, coming, former


def apply(state: State, _: Context) -> State:
    """The State itself: this step changes no facts."""
    return state


WATCH = (
    "Errors of the application with SQLSTATE 42501 (insufficient privilege) and 28P01 (wrong password).",
    "Who is still connected as the former twin.",
)
STEP = Step(
    key=rotate.SWITCH_CONNECTIONS,
    title="Switch connections",
    purpose="The password is read back from the store and tried: it logs in as the twin and acts as the role. Then the "
    "store gives it out, and people move whoever logs in as the former twin. flatsplit changes nothing in the database "
    "here; it watches until the new twin is in use and the former one is not.",
    apply=apply,
    gates=("delivered", "seen", "drained"),
    rests=rests.drain,
    comes=coming,
    leaves=former,
    delivers=coming,
    by_people="people move the connections",
    watch=WATCH,
    stop=("Sessions of the new twin do not act as the role: what they create is the twin's own.",),
)
