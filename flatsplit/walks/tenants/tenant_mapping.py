"""tenant-mapping: the tenants' group, and the table that maps roles to tenants."""

from __future__ import annotations

from flatsplit import ddl, privileges
from flatsplit.model import ObjectFacts, ObjectRef, PolicyFacts, RoleFacts, RowSecurity, State
from flatsplit.tenants.condition import MAPPING
from flatsplit.walks import marks, tenants
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.tenants.context import Context


def apply(state: State, context: Context) -> State:
    """The State with the group and the mapping, in which a member of the group sees only the row of its own role.

    Unchanged where the root's key has no known type and there is no mapping yet.
    """
    if not context.survey.key_type and context.mapping not in state.tenancies:
        return state
    draft = Draft(state)
    draft.new_role(context.group, RoleFacts(comment=marks.mark(state.target.database)))
    mapping, schema = context.mapping, ObjectRef("schema", "", context.mapping.schema)
    if mapping not in state.tenancies:
        draft.tenancies[mapping] = context.survey.key_type
        for ref in (schema, mapping):
            draft.make(ref, ObjectFacts(context.owner, privileges.default_acl(ref.kind, state.target.major)))
    draft.row_security[mapping] = RowSecurity(True, draft.row_security.get(mapping, RowSecurity()).forced)
    readers = _operators(state, context) | _dumping(state, context)
    for role in (context.group, *sorted(readers)):
        draft.grant(schema, role, "U")
        draft.grant(mapping, role, "r")
    own = ObjectRef("policy", mapping.schema, mapping.name, tenants.OWN)
    draft.conditions[own] = PolicyFacts(using=ddl.own_row())
    draft.policies[own] = frozenset({context.group})
    if readers:
        all_rows = own._replace(args=tenants.OPERATORS)
        draft.conditions[all_rows] = PolicyFacts(command="r", using="true")
        draft.policies[all_rows] = readers
    return draft.state()


def _operators(state: State, context: Context) -> frozenset[str]:
    """The operator, unless it is a superuser, and whoever may read the whole mapping already."""
    ref = ObjectRef("policy", context.mapping.schema, MAPPING, tenants.OPERATORS)
    there = state.policies.get(ref, frozenset()) & state.roles.keys()
    return there if state.target.operator_superuser else there | {state.target.operator}


def _dumping(state: State, context: Context) -> frozenset[str]:
    """Roles that may read every table of the application by rights of their own, as a backup's role may.

    pg_dump locks every table of every schema: a mapping that they may not read would end their dumps. Where a policy is
    for them, it ends them all the same, and the gate ``dumps`` says so before.
    """
    lists = {
        id(group.facts): group.facts.acl
        for group in state.groups
        if group.kind in ("table", "partitioned_table")
        and group.facts.owner == context.owner
        and not group.facts.extension
        and group.schema != context.mapping.schema
    }
    each = [{item.grantee for item in acl if "r" in item.privileges} for acl in lists.values()]
    able = set.intersection(*each) if each else set()
    mine = {context.application, context.owner, context.group, context.pool, *state.tenants}
    return frozenset(
        role for role in able - mine if (facts := state.roles.get(role)) is not None and not facts.superuser
    )


STEP = Step(
    key=tenants.TENANT_MAPPING,
    title="Make the table that says which role is whose",
    purpose="Creates the group that every tenant's role will be a member of, and the table that says which role is "
    "which tenant's. Nobody is a member, the table is empty, and the group has no right on the application's tables.",
    apply=apply,
    gates=("surveyed", "dumps"),
    watch=(
        "Nothing: the application cannot notice this step.",
        "The new table has a policy: from now on only superusers, the owner and roles with BYPASSRLS can dump.",
    ),
)
