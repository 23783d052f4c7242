"""tenant-grants: the tenants' group gets its rights. The last step that changes tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flatsplit import privileges
from flatsplit.model import PUBLIC, RELATIONS, ROUTINES, Acl, Kind, ObjectRef, State
from flatsplit.tenants.kinds import APART
from flatsplit.walks import tenants
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.tenants.context import Context

_TABLES: tuple[Kind, ...] = ("table", "partitioned_table")
_OTHERS = (RELATIONS | ROUTINES) - {*_TABLES}
_ROWS = "arwd"
"""Without TRUNCATE, REFERENCES, TRIGGER and MAINTAIN: policies do not limit these to a tenant's rows."""


def apply(state: State, context: Context) -> State:
    """The group's rights on tables, by their kind, and no others.

    Never more than the application's role has. On shared tables and on the root: SELECT (with ``root_update`` also
    UPDATE on the root); on other tables whose rows each belong to a tenant: the rights on rows. Except for shared
    tables, only once the policies are there and row-level security is on. The group gets no default privileges, so
    that it has no right on a new table.

    What the group holds beyond that on a table is taken away, whether the table's kind was another before, or it is a
    partition now, out of scope, or somebody else's; and USAGE on schemas in which nothing is left for it. Views,
    foreign tables and functions are left to whoever opened them to tenants.
    """
    draft = Draft(state)
    if context.group not in state.roles:
        return draft.state()
    schemas: set[str] = set()
    wanted: dict[ObjectRef, str] = {}
    known: dict[tuple[int, str], str] = {}  # a cache of the allowed rights: most tables share their facts
    both = context.kept.keys() <= state.policies.keys()
    for ref, one in context.told.items():
        if one.kind in APART and not _guarded(state, context, ref, both=both):
            continue
        facts = state.objects[ref]
        allowed = known.get((id(facts), one.kind))
        if allowed is None:
            has = privileges.letters(facts.acl, context.application)
            allowed = known[id(facts), one.kind] = _allowed(one.kind, has, root_update=context.tenants.root_update)
        columns = _columns(state, ref, context) if state.columns else {}
        for column, letters in columns.items():
            kept = privileges.minus(_allowed(one.kind, letters, root_update=context.tenants.root_update), allowed)
            if kept:
                wanted[column] = kept
        if not allowed and not columns:
            continue
        schemas.add(ref.schema)
        if allowed:
            wanted[ref] = allowed
        if one.kind in ("own", "through"):
            wanted.update(dict.fromkeys(_sequences(state, context, ref), "U"))
    wanted.update(_unsaid(state, context))
    schemas |= {ref.schema for ref in context.unsaid & wanted.keys()}
    _take_away(draft, state, context, wanted)
    for ref, letters in wanted.items():
        if ref.kind == "column":
            draft.columns[ref] = privileges.plus(draft.columns.get(ref, ()), context.group, letters)
        else:
            draft.grant(ref, context.group, letters)
    for schema in sorted(schemas):
        draft.grant(ObjectRef("schema", "", schema), context.group, "U")
    for schema in sorted(_unused(state, context) - schemas):
        draft.revoke(ObjectRef("schema", "", schema), context.group, "U")
    database = ObjectRef("database", "", state.target.database)
    facts_ = state.objects.get(database)
    if schemas and facts_ is not None and "c" not in privileges.letters(facts_.acl, PUBLIC):
        draft.grant(database, context.group, "c")
    return draft.state()


def _unsaid(state: State, context: Context) -> Iterator[tuple[ObjectRef, str]]:
    """The group's rights on tables of which nothing says any more what they are, and on their columns and sequences: as
    they are. On the way back they go with this step, while the policies still hold.
    """
    live = context.live
    for ref in context.unsaid:
        for each in (ref, *context.survey.structure.tables[ref].sequences):
            if each in state.objects and (held := privileges.letters(live.objects[each].acl, context.group)):
                yield each, held
        for column, acl in context.columns_of(live, ref):
            if held := privileges.letters(acl, context.group):
                yield column, held


def _take_away(draft: Draft, state: State, context: Context, wanted: Mapping[ObjectRef, str]) -> None:
    """Revoke from the group what it holds beyond ``wanted`` on tables, on their columns, and on sequences that
    columns of tables in scope take their values from.
    """
    if not context.survey.key_type:
        return
    tables = context.survey.structure.tables
    theirs = {ref for table in tables.values() for ref in table.sequences}
    kept = {context.mapping, *context.unsaid, *(ref for table in context.unsaid for ref in tables[table].sequences)}
    for group in state.groups:
        held = privileges.letters(group.facts.acl, context.group)
        if not held or group.facts.extension or group.kind not in (*_TABLES, "sequence"):
            continue
        for ref in group.refs:
            more = privileges.minus(held, wanted.get(ref, ""))
            if more and ref not in kept and (group.kind != "sequence" or ref in theirs):
                draft.revoke(ref, context.group, more)
    for column, acl in state.columns.items():
        relation = state.relation_of(column)
        if relation is None or relation.kind not in _TABLES or relation in kept:
            continue
        if more := privileges.minus(privileges.letters(acl, context.group), wanted.get(column, "")):
            draft.columns[column] = privileges.without(acl, context.group, more)


def _unused(state: State, context: Context) -> set[str]:
    """Schemas that the group may use, and in which nothing is its or everybody's but tables, on which this step
    decides: where these have left, USAGE leads to nothing.
    """
    held = {
        ref.name
        for group in state.groups
        if group.kind == "schema" and "U" in privileges.letters(group.facts.acl, context.group)
        for ref in group.refs
    } - {context.tenants.schema}
    if not held or not context.survey.key_type or context.group in context.baseline.roles:
        return set()
    theirs = {ref for table in context.survey.structure.tables.values() for ref in table.sequences}
    for group in state.groups:
        acl = group.facts.acl
        if group.kind not in _OTHERS or not any(privileges.letters(acl, who) for who in (context.group, PUBLIC)):
            continue
        held -= {ref.schema for ref in group.refs if ref not in theirs}
    return held


def _allowed(kind: str, letters: str, *, root_update: bool) -> str:
    if kind == "hidden":
        return ""
    if kind == "shared":
        return privileges.within(letters, "r")
    if kind == "root":
        return privileges.within(letters, "rw" if root_update else "r")
    return privileges.within(letters, _ROWS)


def _guarded(state: State, context: Context, ref: ObjectRef, *, both: bool) -> bool:
    """Whether a table has its policies, and row-level security is on. ``both``: every table has its policies."""
    found = state.row_security.get(ref)
    if ref not in context.apart or found is None or not found.enabled:
        return False
    return both or context.kept_apart(context.apart[ref]).keys() <= state.policies.keys()


def _columns(state: State, ref: ObjectRef, context: Context) -> dict[ObjectRef, str]:
    """The application's rights on single columns of a table."""

    def letters(acl: Acl) -> str:
        return privileges.letters(acl, context.application)

    return {column: held for column, acl in context.columns_of(state, ref) if (held := letters(acl))}


def _sequences(state: State, context: Context, ref: ObjectRef) -> Iterator[ObjectRef]:
    """Sequences that a table takes its values from, and that the application may use."""
    for sequence in context.survey.structure.tables[ref].sequences:
        facts = state.objects.get(sequence)
        if facts is not None and "U" in privileges.letters(facts.acl, context.application):
            yield sequence


STEP = Step(
    key=tenants.TENANT_GRANTS,
    title="Give the tenants' group its rights",
    purpose="Gives the group the application's rights on rows where these are told apart, and SELECT on the root and "
    "on shared tables. Nobody is a member yet.",
    apply=apply,
    gates=("covered", "holes"),
    watch=("Nothing: nobody is a member of the group.",),
)
