"""bridge: the role has, for now, the rights of the one that it begins like."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import role as keys
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.role.context import Context


def apply(state: State, context: Context) -> State:
    """A member that inherits and may not SET ROLE: what it runs is counted as its own, and only its own."""
    draft = Draft(state)
    if context.special is not None and context.special.like:
        draft.member(context.special.like, context.role, set_=False)
    return draft.state()


STEP = Step(
    key=keys.BRIDGE,
    title="Build the bridge",
    purpose="Makes the role a member of the one that it begins like, so that its program runs from the first moment "
    "on. What it really needs is learned while it runs; then the bridge is cut.",
    apply=apply,
    watch=("Nothing: nobody can log in as the role yet.",),
)
