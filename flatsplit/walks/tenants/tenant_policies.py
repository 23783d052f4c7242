"""tenant-policies: the policies, before row-level security is on and they take effect."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import tenants
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.tenants.context import ALL_ROWS, Context


def apply(state: State, context: Context) -> State:
    """The State with the policies: roles that hold rights on a table see all of its rows, a tenant sees its own.

    A tenant's rows are held by a permissive and a restrictive policy with the same condition. With a permissive one
    alone, any other permissive policy would show more rows. With a restrictive one beside a permissive ``true``, all
    rows would show once the restrictive one is dropped, which also happens when its column is. With both, a tenant
    sees no row when the permissive one is gone, and no more than its own when the restrictive one is.

    A table that has left the tenants' tables loses them.
    """
    draft = Draft(state)
    if context.left:
        left = {(ref.schema, ref.name) for ref in context.left}
        for policy in [ref for ref in state.policies if (ref.schema, ref.name) in left and context.made_here(ref)]:
            del draft.policies[policy]
    if context.group in state.roles and context.mapping in state.tenancies:
        # Of which nothing says any more what they are: on the way back they are as they were until this step
        draft.policies.update(context.unsaid_policies)
        draft.conditions.update({ref: context.live.conditions[ref] for ref in context.unsaid_policies})
        theirs = context.baseline.policies
        kept = {ref: facts for ref, facts in context.kept.items() if ref not in theirs} if theirs else context.kept
        seers = {ref: named for ref, named in context.seers(state).items() if ref not in theirs}
        draft.conditions.update(kept)
        draft.policies.update(dict.fromkeys(kept, context.tenants_alone))
        draft.conditions.update(dict.fromkeys(seers, ALL_ROWS))
        draft.policies.update(seers)
    return draft.state()


STEP = Step(
    key=tenants.TENANT_POLICIES,
    title="Create the policies",
    purpose="Creates the policies on every table whose rows are told apart: one by which all roles that hold rights "
    "there see every row as before, and two, permissive and restrictive, by which a tenant sees its own. Without "
    "row-level security being on they are without effect.",
    apply=apply,
    gates=("covered", "keys"),
    watch=("Statements that wait: each table is locked for a moment, within the lock budget.",),
)
