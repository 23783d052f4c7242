"""verify: tries what the role can and cannot do."""

from __future__ import annotations

from datetime import timedelta

from flatsplit.model import State
from flatsplit.walks import role as keys
from flatsplit.walks.kind import Step
from flatsplit.walks.role.context import Context


def apply(state: State, _: Context) -> State:
    """The State itself: this step changes no facts."""
    return state


def _soak(context: Context) -> timedelta:
    """How long the bridge may have to be restored; nothing for a role that began with its list and never had more."""
    alike = context.special is not None and context.special.like
    return context.config.gates.soak if alike else timedelta()


STEP = Step(
    key=keys.VERIFY,
    title="Verify what the role can and cannot do",
    purpose="Tries what the role's list says against the catalog and as the role: that it can do all of it, and "
    "nothing else. Changes nothing.",
    apply=apply,
    gates=("soaked", "unrefused", "verified"),
    rests=_soak,
    watch=("The matrix of `flatsplit verify`.",),
)
