"""The kind of walk ``tenants``: its steps in their order, and the functions that a kind consists of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from flatsplit import blueprint, ddl
from flatsplit.config import Config
from flatsplit.config.tenants import HEADING
from flatsplit.model import ObjectRef, RowSecurity, State
from flatsplit.tenants.schemas import families_of
from flatsplit.walks import tenants
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Kind, Moment, Roles
from flatsplit.walks.tenants import (
    tenant_close,
    tenant_grants,
    tenant_login,
    tenant_mapping,
    tenant_policies,
    tenant_proof,
    tenant_rls,
    tenant_roles,
    tenant_switch,
)
from flatsplit.walks.tenants.all_rows import table_of
from flatsplit.walks.tenants.context import Context
from flatsplit.walks.tenants.table_requirements import far_away, renamed
from flatsplit.walks.undo import remembered, unmade


def _context(moment: Moment) -> Context:
    return Context(moment.config, moment.baseline, moment.live)


def _subject(context: Context) -> Roles:
    return context.made


def _makes(context: Context) -> Roles:
    return context.made


def _stands_on(context: Context) -> Roles:
    who = blueprint.who(context.config)
    return (who.application, who.owner, who.reader)


def _heir(context: Context) -> str:
    return context.owner


def _origin(live: State, context: Context, _: Collection[str]) -> State:
    """The State without what this walk made: its roles, policies and mapping. Row-level security is where it was
    before the walk.
    """
    draft = Draft(live)
    touched = {(ref.schema, ref.name) for ref in context.touched}
    ours = [ref for ref in live.policies if (ref.schema, ref.name) in touched and context.made_here(ref)]
    mapping, schema = context.mapping, ObjectRef("schema", "", context.mapping.schema)
    ours += [ref for ref in live.policies if (ref.schema, ref.name) == (mapping.schema, mapping.name)]
    for ref in ours:
        draft.policies.pop(ref, None)
        draft.conditions.pop(ref, None)
    theirs = {table_of(live, ref) for ref in live.policies.keys() - set(ours)}
    for table in context.touched:
        found = live.row_security.get(table)
        if found is None or not found.enabled:
            continue
        before = context.baseline.row_security.get(table)
        if before is None and table in theirs:
            continue  # a table created since, with policies of somebody else, which need row-level security
        draft.row_security[table] = RowSecurity(before is not None and before.enabled, found.forced)
    if mapping in live.tenancies:
        draft.tenancies.pop(mapping)
        draft.tenants.clear()
        draft.row_security.pop(mapping, None)
        alone = not any(ref.schema == mapping.schema and ref != mapping for ref in live.objects)
        draft.unmake({mapping, schema} if alone and schema not in context.baseline.objects else {mapping})
    draft.row_security = {ref: one for ref, one in draft.row_security.items() if one != RowSecurity()}
    return unmade(draft.state(), context.baseline, context.made)


def _remembers(moment: Moment, context: Context, origin: Callable[[], State]) -> State | None:
    """What the baseline has to hold: roles and policies that have the names of this walk's, whether row-level security
    was on for each table, and the mapping's schema.
    """
    first = origin()
    kept = remembered(first, context.made)
    draft = Draft(kept)
    draft.policies = {ref: named for ref, named in first.policies.items() if ref.args in context.policy_names}
    known = {*context.apart, *context.touched, *moment.baseline.row_security}
    draft.row_security = {ref: first.row_security.get(ref, RowSecurity()) for ref in known if ref in first.objects}
    schema = ObjectRef("schema", "", context.mapping.schema)
    if schema in first.objects:
        draft.make(schema, first.objects[schema])
    return draft.state()


def _sharded(live: State, context: Context) -> tuple[str, str] | None:
    """The problem and the fix, where rows lie on other servers: policies here have no effect there. None otherwise."""
    if ObjectRef("extension", "", "citus") in live.objects:
        return (
            "extension citus is here: rows lie on other servers, where these policies and roles are not",
            "tenants of Citus are not supported; citus_schema_distribute() keeps them apart by schema",
        )
    for one in far_away(context, context.apart):
        return one.what, one.fix
    return None


def _declares(moment: Moment) -> dict[str, str]:
    return {} if moment.config.tenants is None else {"": HEADING}


def _refuses(moment: Moment) -> tuple[str, str] | None:
    """The problem and the fix, where the walk cannot begin; None where it can."""
    if moment.config.tenants is None:
        return (
            "flatsplit.toml has no section [tenants]",
            "flatsplit tenants --survey says which table is whose, and what to write down",
        )
    context = _context(moment)
    live = moment.live
    if context.survey.root is None or not context.survey.key_type:
        why = context.survey.wrong[0] if context.survey.wrong else "the root has no key"
        return why, "flatsplit tenants --survey says which tables could be the root"
    if not context.ours(context.survey.root.ref):
        return (
            f"{ddl.label(context.survey.root.ref)} is not {context.owner}'s",
            "finish the split first: tenants stand on the roles that it makes",
        )
    return in_the_way(live, context)


def in_the_way(live: State, context: Context) -> tuple[str, str] | None:
    """The problem and the fix, where a survey found a root but the walk cannot begin: rows on other servers, or names
    that are taken. None where it can begin.
    """
    if sharded := _sharded(live, context):
        return sharded
    if by_schema := _by_schema(context):
        return by_schema
    for key, name in (("group", context.group), ("pool", context.pool)):
        if name in live.roles:
            return f"there is a role {name!r} already", f"name another one: [tenants] {key}"
    if found := schema_taken(live, context):
        return found
    if taken := context.taken:
        more = f" and {len(taken) - 1} more" if taken[1:] else ""
        return f"{ddl.label(taken[0])} is there already{more}", f"rename it: {renamed(taken[0])}"
    return None


def schema_taken(live: State, context: Context) -> tuple[str, str] | None:
    """The problem and the fix, where somebody else's schema has the name of the mapping's. None otherwise."""
    name = context.mapping.schema
    if context.mapping in live.tenancies or ObjectRef("schema", "", name) not in live.objects:
        return None
    return f"there is a schema {name!r} already", "name another one: [tenants] schema"


def _by_schema(context: Context) -> tuple[str, str] | None:
    """The problem and the fix, where each tenant has a schema and no table's rows are told apart. None otherwise."""
    alike = families_of(context.survey.structure)
    if not alike or context.survey.of_kind("own", "through"):
        return None
    return (
        f"{alike[0].said}, and no row says whose it is: policies have nothing to go by",
        "flatsplit doctor says what fits there, and prints a role for one of them",
    )


def _explains(context: Context) -> Mapping[tuple[str, str], str]:
    entered = dict.fromkeys(((ref.schema, ref.name) for ref in context.entered), "its rows each belong to a tenant now")
    left = ((ref.schema, ref.name) for ref in context.left)
    return {**entered, **dict.fromkeys(left, "its rows do not each belong to a tenant any more")}


def _optional(config: Config) -> Mapping[str, bool]:
    return {tenants.TENANT_CLOSE: config.tenants is not None and config.tenants.close}


TENANTS = Kind(
    name=tenants.NAME,
    steps=(
        tenant_mapping.STEP,
        tenant_policies.STEP,
        tenant_rls.STEP,
        tenant_grants.STEP,
        tenant_roles.STEP,
        tenant_proof.STEP,
        tenant_login.STEP,
        tenant_switch.STEP,
        tenant_close.STEP,
    ),
    subject=_subject,
    makes=_makes,
    stands_on=_stands_on,
    heir=_heir,
    context=_context,
    backward=_context,
    origin=_origin,
    remembers=_remembers,
    explains=_explains,
    summary="each tenant gets a role that reaches only its own rows",
    refuses=_refuses,
    declares=_declares,
    optional=_optional,
)
