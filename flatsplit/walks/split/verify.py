"""verify: tries what each role can and cannot do."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import split
from flatsplit.walks.kind import Step
from flatsplit.walks.split.context import Context


def apply(state: State, _: Context) -> State:
    """The State itself: this step changes no facts."""
    return state


STEP = Step(
    key=split.VERIFY,
    title="Verify what each role can and cannot do",
    purpose="Tries the can/cannot matrix of the four roles against the catalog. Changes nothing.",
    apply=apply,
    gates=("verified",),
    watch=("The matrix of `flatsplit verify`.",),
)
