"""tenant-close: the application's role no longer sees any tenant's row. Taken only where [tenants] close is set."""

from __future__ import annotations

from flatsplit.model import ObjectRef, State
from flatsplit.walks import rests, tenants
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Roles, Step
from flatsplit.walks.tenants.context import Context


def apply(state: State, context: Context) -> State:
    """Each policy ``everyone`` without the application's role; dropped where no role is left, as a policy needs one."""
    draft = Draft(state)
    for ref in context.apart:
        policy = ObjectRef("policy", ref.schema, ref.name, tenants.EVERYONE)
        named = state.policies.get(policy, frozenset())
        if context.application not in named or not context.made_here(policy):
            continue
        if others := named - {context.application}:
            draft.policies[policy] = others
        else:
            del draft.policies[policy]
    return draft.state()


def _leaves(context: Context) -> Roles:
    return (context.application,)


STEP = Step(
    key=tenants.TENANT_CLOSE,
    title="Close the tenants' rows to the application's role",
    purpose="Takes the application's role out of the policy that shows all rows, table by table: whoever still works "
    "as it sees no tenant's row, without any error, and can insert none. Other roles with rights of their own see what "
    "they saw. Tables on which somebody else's row-level security counted before stay as they are.",
    apply=apply,
    gates=("drained",),
    rests=rests.drain,
    leaves=_leaves,
    watch=(
        "Jobs that were forgotten: they find nothing to do, and say nothing.",
        "Errors with SQLSTATE 42501, “new row violates row-level security policy”: it still inserts as that role.",
    ),
    stop=("Anything that still runs as the application's role misses rows.",),
)
