"""tenant-rls: row-level security is turned on, and all existing roles still see all rows."""

from __future__ import annotations

from flatsplit.model import RowSecurity, State
from flatsplit.walks import tenants
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.tenants.all_rows import table_of
from flatsplit.walks.tenants.context import Context


def apply(state: State, context: Context) -> State:
    """The State with row-level security on for each table whose rows each belong to a tenant.

    Never with FORCE: with it the owner would be bound by policies, and migrations would silently change only a part of
    the rows. Only on tables that have their policies: without them nobody but the owner would see a row.

    Off again on a table that has left the tenants' tables, unless it was on before, or it came since, with policies of
    somebody else.
    """
    draft = Draft(state)
    if context.group not in state.roles:
        return draft.state()
    all_there, there = context.in_place(state), state.policies.keys()
    for ref, one in context.apart.items():
        if all_there or context.policies(state, one).keys() <= there:
            found = draft.row_security.get(ref)
            if found is None or not found.enabled:
                draft.row_security[ref] = RowSecurity(True, found is not None and found.forced)
    for ref in context.unsaid & context.live.row_security.keys():  # on the way back, as long as it has its policies
        draft.row_security[ref] = context.live.row_security[ref]
    theirs = {table_of(state, ref) for ref in state.policies if not context.made_here(ref)} if context.left else set()
    for ref in context.left:
        found = draft.row_security.get(ref)
        unseen = ref not in context.baseline.row_security
        if found is not None and found.enabled and not context.guarded(ref) and not (unseen and ref in theirs):
            draft.row_security[ref] = RowSecurity(False, found.forced)
            if not found.forced:
                del draft.row_security[ref]
    return draft.state()


STEP = Step(
    key=tenants.TENANT_RLS,
    title="Turn row-level security on",
    purpose="Turns row-level security on, table by table. Every role that holds rights is named by a policy that shows "
    "it all rows. The way back, and the emergency exit, is DISABLE ROW LEVEL SECURITY: a moment per table.",
    apply=apply,
    gates=("covered", "copies", "dumps", "rehearsed"),
    watch=(
        "Errors of the application with SQLSTATE 0A000: COPY … FROM is refused under row-level security.",
        "Dumps by roles other than the owner: pg_dump stops with “query would be affected by row-level security”.",
        "Clients that read the DETAIL of an error: under row-level security the server leaves it out.",
    ),
    stop=("Any role sees fewer rows than before.",),
)
