"""What the walk over tenants would be refused for, or wait for in its middle, said before it begins. Pure.

Its own gates say the same, step by step. Once it has begun, they and `status` do, and nothing is said here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flatsplit.config import format_name
from flatsplit.hazards.registry import Found, Seen, hazard
from flatsplit.model import ObjectRef
from flatsplit.tenants import Belonging
from flatsplit.tenants.kinds import APART
from flatsplit.tenants.rings import unknown
from flatsplit.walks.tenants.context import Context
from flatsplit.walks.tenants.kind import in_the_way
from flatsplit.walks.tenants.table_requirements import Wanting, opened, uncovered, without_key
from flatsplit.words import count

_SURVEY = "flatsplit tenants --survey says what to write under [tenants.tables]"


def _before(seen: Seen) -> Context | None:
    """What the walk would work with; None where it has begun, or nothing can be said of the tables."""
    if seen.survey is None:
        return None
    context = Context(seen.context.config, seen.state, seen.state)
    begun = context.group in seen.state.roles and context.mapping in seen.state.tenancies
    return None if begun else context


def _apart(context: Context) -> dict[ObjectRef, Belonging]:
    return {one.ref: one for one in context.survey.of_kind(*APART)}


def _said(found: Iterable[Wanting], what: str) -> Iterator[Found]:
    """All of a kind together, with the first of them in words."""
    kept = list(found)
    if kept:
        tables = tuple(dict.fromkeys(format_name(one.table.schema, one.table.name) for one in kept))
        more = f"; {len(kept) - 1} more like it" if kept[1:] else ""
        lines = tuple(dict.fromkeys(one.sql for one in kept)) if all(one.sql for one in kept) else ()
        fix = f"{kept[0].fix} ({kept[0].what}{more})"
        yield Found(what.format(count(len(tables), "table")), tables, fix=fix, sql=lines)


@hazard(
    "tenant-in-the-way",
    "warning",
    None,
    looks_at="the names that [tenants] gives to a group, a schema and policies, and where the tables' rows lie",
    why="The walk over tenants cannot begin: what it makes would be mixed with what exists already, or would have no "
    "effect where rows are on other servers.",
    fix="Name others under [tenants]: group, pool, schema; rename policies of the names everyone, tenant, tenant_only.",
    manual="ddl-rowsecurity.html",
    needs=("tenants",),
)
def tenant_in_the_way(seen: Seen) -> Iterator[Found]:
    """What `begin tenants` would refuse."""
    context = _before(seen)
    found = in_the_way(seen.state, context) if context is not None else None
    if found is not None:
        yield Found(f"the walk over tenants would not begin: {found[0]}", fix=found[1])


@hazard(
    "tenant-no-kind",
    "warning",
    None,
    looks_at="[tenants.tables], and columns, keys and foreign keys of the tables in scope",
    why="How a table belongs to tenants is never guessed: the walk waits at its first step until flatsplit.toml says "
    "it.",
    fix=_SURVEY,
    manual="ddl-constraints.html#DDL-CONSTRAINTS-FK",
    needs=("tenants",),
)
def tenant_no_kind(seen: Seen) -> Iterator[Found]:
    """Tables of which nobody has said what they are."""
    context = _before(seen)
    if context is None:
        return
    survey = context.survey
    if survey.wrong:
        yield Found(f"[tenants] says what the tables do not bear out: {survey.wrong[0]}", fix=_SURVEY)
    if survey.undecided:
        tables = tuple(format_name(one.ref.schema, one.ref.name) for one in survey.undecided)
        yield Found(f"of {count(len(tables), 'table')} nothing says what they are to a tenant", tables)


@hazard(
    "tenant-uncovered",
    "warning",
    None,
    looks_at="rights and policies of PUBLIC, restrictive policies and FORCE ROW LEVEL SECURITY on tables that tenants "
    "are to have",
    why="A tenant would have the rights of PUBLIC, and a policy for PUBLIC lets it in as soon as another policy is "
    "gone. A restrictive policy takes effect with row-level security, and hides rows from roles that see them today. "
    "Under FORCE, the owner's migrations change only some of the rows, without an error.",
    fix="Grant to roles by name and REVOKE … FROM PUBLIC; ALTER POLICY … TO roles; NO FORCE ROW LEVEL SECURITY.",
    manual="ddl-rowsecurity.html",
    needs=("tenants",),
)
def tenant_uncovered(seen: Seen) -> Iterator[Found]:
    """What the gate `covered` would close on, and of somebody else's policies the proof."""
    context = _before(seen)
    if context is not None:
        told = [ref for ref in context.survey.belongings if ref in seen.state.objects]
        apart = [ref for ref in told if ref in _apart(context)]
        found = (*uncovered(seen.state, context, told, apart), *opened(seen.state, context, apart))
        yield from _said(found, "{} where row-level security would not be enough")


@hazard(
    "tenant-key",
    "warning",
    None,
    looks_at="columns and indexes of the tables whose rows are told apart",
    why="Rows whose key is NULL are hidden from every tenant; without an index that begins with the key, or with a "
    "long way to it, a tenant reads everybody's rows to find its own.",
    fix="SET NOT NULL, CREATE INDEX CONCURRENTLY, or a key column of its own: in the application's migrations.",
    manual="ddl-rowsecurity.html",
    needs=("tenants",),
)
def tenant_key(seen: Seen) -> Iterator[Found]:
    """What the gate `keys` would close on."""
    context = _before(seen)
    if context is not None:
        yield from _said(without_key(context, _apart(context)), "{} whose key may be NULL, has no index or is far away")


@hazard(
    "tenant-role-names",
    "warning",
    None,
    looks_at="the keys in the root, [tenants] role, and pg_roles",
    why="A tenant's role cannot be called as [tenants] role says: the name is too long, reserved, or somebody else's.",
    fix="Call the roles otherwise: [tenants] role",
    manual="sql-createrole.html",
    needs=("tenants",),
)
def tenant_role_names(seen: Seen) -> Iterator[Found]:
    """What the gate `names` would close on."""
    context = _before(seen)
    unable = sorted(context.unable.items()) if context is not None else []
    if unable:
        yield Found(
            f"{count(len(unable), 'tenant')} cannot have a role", tuple(f"{key!r}: {why}" for key, why in unable)
        )


@hazard(
    "tenant-ring-keys",
    "warning",
    None,
    looks_at="[tenants] rings, and the keys in the root",
    why="A key that no tenant has is passed over: whom it was meant for is switched with the rest, and not first.",
    fix="Write the key as the root has it, or take it out of [tenants] rings.",
    manual="sql-createrole.html",
    needs=("tenants",),
)
def tenant_ring_keys(seen: Seen) -> Iterator[Found]:
    """What the gate `ring-keys` would close on."""
    context = _before(seen)
    if context is None or (context.live.structure is not None and context.live.structure.keys is None):
        return
    strange = unknown(context.tenants, context.all_keys)
    if strange:
        said = tuple(f"{key!r}: {advice}" for key, advice in strange.items())
        yield Found(f"{count(len(strange), 'key')} in [tenants] rings that no tenant has", said)
