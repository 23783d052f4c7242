"""reconnect: people give the new password to every user of the role, until each has logged in with it."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import rotate
from flatsplit.walks.kind import Step
from flatsplit.walks.rotate.context import Context


def apply(state: State, _: Context) -> State:
    """The State itself: this step changes no facts."""
    return state


STEP = Step(
    key=rotate.RECONNECT,
    title="Let everybody come with the new password",
    purpose="People give the new password to whoever uses the role. flatsplit changes nothing here; it watches until "
    "every client that was seen before has come again since the password changed.",
    apply=apply,
    gates=("known",),
    by_people="people hand out the new password",
    watch=("Failed logins as the role in the server log (SQLSTATE 28P01): each is somebody without the new password.",),
)
