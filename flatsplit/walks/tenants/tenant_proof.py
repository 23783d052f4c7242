"""tenant-proof: isolation is tested, acting as the tenants."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import tenants
from flatsplit.walks.kind import Step
from flatsplit.walks.tenants.context import Context


def apply(state: State, _: Context) -> State:
    """The same State: the step changes nothing in the catalog, its gates do the work."""
    return state


STEP = Step(
    key=tenants.TENANT_PROOF,
    title="Prove that tenants are kept apart",
    purpose="Tries as the tenants what must not be possible, and compares what each sees with its owner's count. "
    "Changes nothing.",
    apply=apply,
    gates=("rehearsed", "isolated", "consistent"),
    watch=("What the proof says of holes.",),
)
