"""bridge: the role has the rights of the role that it begins like, for the time being."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import role as keys
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.role.context import Context


def apply(state: State, context: Context) -> State:
    """The role is a member that inherits and may not SET ROLE, so that what it runs is counted under its own name.

    Attributes are not inherited (manual, "Role Membership"): without BYPASSRLS it would see fewer rows.
    """
    draft = Draft(state)
    if context.special is not None and context.special.like:
        draft.member(context.special.like, context.role, set_=False)
        if not state.target.membership_options:
            draft.role(context.role, inherit=True)  # before 16 the role itself says whether it inherits
        if _bypasses(state, context.special.like):
            draft.role(context.role, bypassrls=True)
    return draft.state()


def cut(state: State, context: Context) -> State:
    """The State without the bridge: no member of the role it begins like, and subject to policies like everybody."""
    draft = Draft(state)
    if context.special is not None and context.special.like:
        draft.no_member(role=context.special.like, member=context.role)
        if any(_bypasses(known, context.special.like) for known in (state, context.baseline)):
            draft.role(context.role, bypassrls=False)
    return draft.state()


def _bypasses(state: State, role: str) -> bool:
    return role in state.roles and state.roles[role].bypassrls


STEP = Step(
    key=keys.BRIDGE,
    title="Build the bridge",
    purpose="Makes the role a member of the one that it begins like, so that its program runs from the first moment "
    "on: its privileges are inherited, BYPASSRLS is given. What it really needs is learned while it runs; then the "
    "bridge is cut.",
    apply=apply,
    watch=("Nothing: nobody can log in as the role yet.",),
)
