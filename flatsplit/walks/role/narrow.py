"""narrow: the bridge is removed, and the role has the rights of its list and no others."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import role as keys
from flatsplit.walks.kind import Step
from flatsplit.walks.role import bridge
from flatsplit.walks.role.context import Context


def apply(state: State, context: Context) -> State:
    """The role is no member any more of the one that it began like."""
    return bridge.cut(state, context)


STEP = Step(
    key=keys.NARROW,
    title="Cut the bridge",
    purpose="Ends the membership in the role that it began like: the scream test. The role's sessions feel it at once, "
    "and one statement, on no table, takes it back.",
    apply=apply,
    gates=("rehearsed",),
    watch=("Errors of the program with SQLSTATE 42501 (insufficient privilege).",),
    stop=("The program is refused anything: taking this step back is one GRANT.",),
)
