"""What the list of a special role means in a State: privileges on objects and columns, and default privileges. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flatsplit import blueprint, privileges
from flatsplit.config import Config, Grant, Special, format_name, parse_name
from flatsplit.config.grants import MEMBER
from flatsplit.model import PUBLIC, DefaultRef, ObjectFacts, ObjectRef, State
from flatsplit.walks.draft import Draft
from flatsplit.walks.role import bridge
from flatsplit.walks.role.context import Context
from flatsplit.walks.split import grants

_LASTING = ("r", "S", "f", "T")
"""The kinds in a schema that default privileges can be for."""


@dataclass(frozen=True)
class ListedRights:
    """Privilege letters by object and by column."""

    objects: Mapping[ObjectRef, str]
    columns: Mapping[ObjectRef, str]
    named: frozenset[ObjectRef] = frozenset()
    """Objects with letters of their own; all others have those of their group (see :class:`ObjectGroup`)."""


def lines(config: Config, special: Special) -> Iterator[Grant]:
    """The lines of its list that are about privileges."""
    return (grant for grant in config.grants if grant.purpose == special.name and grant.privilege != MEMBER)


def memberships(config: Config, special: Special) -> tuple[str, ...]:
    """The roles of which its list makes it a member."""
    found = (grant for grant in config.grants if grant.purpose == special.name and grant.privilege == MEMBER)
    return tuple(parse_name(name).parts[-1] for grant in found for name in grant.names)


def rights(state: State, context: Context) -> ListedRights:
    """All privileges of the list, with those needed to reach them: USAGE on the schemas, CONNECT on the database."""
    special = context.special
    if special is None:
        return ListedRights({}, {})
    named: defaultdict[ObjectRef, set[str]] = defaultdict(set)
    columns: defaultdict[ObjectRef, set[str]] = defaultdict(set)
    for grant in lines(context.config, special):
        for name in grant.names:
            for ref in grants.named(state, name, grant.letter):
                (columns if ref.kind == "column" else named)[ref].update(grant.letter)
    objects: dict[ObjectRef, str] = {}
    for group in state.groups if special.schemas else ():
        facts = group.facts
        ours = facts.owner in context.owners and not facts.extension and facts.note != "system"
        letters = blueprint.on_ours(blueprint.READER, group.kind, facts.acl) if ours else ""
        if letters and group.schema in special.schemas:
            objects.update(dict.fromkeys(group.refs, "".join(sorted(letters))))
    for schema in special.create:
        named[ObjectRef("schema", "", schema)].update("CU")
    for schema in {*special.schemas, *(ref.schema for ref in (*named, *columns) if ref.schema)}:
        named[ObjectRef("schema", "", schema)].update("U")
    named[ObjectRef("database", "", state.target.database)].update("c")
    there = sorted(ref for ref in named if ref in state.objects)
    objects.update({ref: "".join(sorted({*objects.get(ref, ""), *named[ref]})) for ref in there})
    return ListedRights(
        objects, {ref: "".join(sorted(letters)) for ref, letters in sorted(columns.items())}, frozenset(there)
    )


def _schema(name: str) -> ObjectRef:
    return ObjectRef("schema", "", name)


def here(state: State, schemas: Sequence[str]) -> tuple[str, ...]:
    """Those that have not been dropped or renamed."""
    return tuple(name for name in schemas if _schema(name) in state.objects)


def lost_schemas(state: State, context: Context) -> tuple[str, ...]:
    """Schemas of its section that are not here any more."""
    special = context.special
    named = dict.fromkeys((*special.schemas, *special.create)) if special is not None else {}
    return tuple(name for name in named if _schema(name) not in state.objects)


def ruled(context: Context, given: ListedRights) -> tuple[str, ...]:
    """Schemas in which it gets rights on tables that will be created."""
    special = context.special
    if special is None or special.new_tables == "none":
        return ()
    if special.schemas:
        return tuple(name for name in special.schemas if _schema(name) in given.objects)
    inside = {ref.name for ref, letters in given.objects.items() if ref.kind == "schema" and "U" in letters}
    return tuple(name for name in context.config.schemas if name in inside)


def later(state: State, context: Context, given: ListedRights) -> Iterator[tuple[DefaultRef, str]]:
    """Default privileges for future objects: (row, letters) of the role."""
    special = context.special
    if special is None or special.new_tables == "none":
        return
    purpose = blueprint.READER if special.new_tables == "read" else blueprint.APPLICATION
    for creator in _creators(state, context):
        for schema in ruled(context, given):
            for objtype in _LASTING:
                ref = DefaultRef(creator, schema, objtype)
                yield ref, _letters(state, purpose, ref)


def made(state: State, context: Context) -> Iterator[tuple[DefaultRef, str, str]]:
    """Default privileges for what the role itself will create: (row, grantee, letters)."""
    special, config = context.special, context.config
    for schema in here(state, special.create) if special is not None else ():
        for objtype in _LASTING:
            ref = DefaultRef(context.role, schema, objtype)
            for role, purpose in blueprint.roles(config):
                yield ref, role, _letters(state, purpose, ref)


def _creators(state: State, context: Context) -> Sequence[str]:
    """The roles that create objects for the application: app_migrator, the old owners over the bridge, special roles.

    Legacy for as long as it has default privileges: the split keeps them until its last step.
    """
    owner, legacy = blueprint.owner(context.config), context.config.legacy_role
    bridged = {key.member for key in state.members if key.role == owner}
    old = {legacy, *(context.config.owners or ())} & (bridged | ({ref.creator for ref in state.defaults} & {legacy}))
    makers = {one.name for one in context.config.special if one.create and one.name in state.roles}
    return sorted({owner, *old, *(makers - {context.role})} & state.roles.keys())


def _letters(state: State, purpose: blueprint.Purpose, ref: DefaultRef) -> str:
    kind = privileges.OBJTYPE_KIND[ref.objtype]
    builtin = privileges.default_acl(kind, state.target.major)
    everywhere = state.defaults.get(ref._replace(schema=""), builtin)
    public = any(privileges.letters(acl, PUBLIC) for acl in (everywhere, state.defaults.get(ref, ())))
    return blueprint.on_later(purpose, kind, public=public, foreign=False)


def give(draft: Draft, context: Context) -> None:
    """Grant the role what is missing of its list."""
    special, role = context.special, context.role
    if special is None or role not in draft.roles:
        return
    given = rights(draft.before, context)

    def change(ref: ObjectRef, facts: ObjectFacts) -> ObjectFacts:
        letters = given.objects.get(ref, "")
        acl = privileges.plus(facts.acl, role, letters) if letters and facts.owner != role else facts.acl
        return facts if acl is facts.acl else facts._replace(acl=acl)

    draft.rewrite(change, apart=given.named)
    for ref, letters in given.columns.items():
        draft.columns[ref] = privileges.plus(draft.columns.get(ref, ()), role, letters)
    for row, letters in later(draft.before, context, given):
        draft.default(row, privileges.plus(draft.effective_default(row), role, letters))
    for row, grantee, letters in made(draft.before, context):
        if grantee in draft.roles:
            draft.default(row, privileges.plus(draft.effective_default(row), grantee, letters))
    if special.create:
        # Who changes the structure needs an owner's rights on what the role creates, and those come by membership alone
        draft.member(role, blueprint.owner(context.config))
    for group in memberships(context.config, special):
        draft.member(group, role)


def alone(state: State, context: Context) -> State:
    """The State in which the role has the rights of its list, without those of the role that it began like."""
    draft = Draft(bridge.cut(state, context))
    give(draft, context)
    return draft.state()


def nothing(state: State, context: Context) -> Iterator[tuple[Grant, str]]:
    """Names of the list that mean nothing in this State, each with its line; columns one by one."""
    special = context.special
    for grant in context.config.grants if special is not None else ():
        if grant.purpose == context.role and grant.privilege == MEMBER:
            yield from ((grant, name) for name in grant.names if parse_name(name).parts[-1] not in state.roles)
    for grant in lines(context.config, special) if special is not None else ():
        for name in grant.names:
            found = tuple(grants.named(state, name, grant.letter))
            missing = [format_name(column) for column in grants.columns_of(name, grant.letter)]
            there = {format_name(ref.args) for ref in found if ref.kind == "column"}
            if missing and there:
                parts = parse_name(name).parts
                yield from ((grant, format_name(*parts, args=one)) for one in missing if one not in there)
            elif not found:
                yield grant, name


def renamed(state: State, context: Context) -> frozenset[ObjectRef]:
    """Objects and columns that may be what lines meant whose names mean nothing now, since they were renamed or moved:
    no line names them, and the role holds there what such lines give. Of a schema, with all that it holds inside.
    """
    lost: defaultdict[str, set[str]] = defaultdict(set)
    parts: set[str] = set()
    for grant, name in nothing(state, context):
        if grants.columns_of(name, grant.letter):
            parts.update(grant.letter)
        else:
            lost[name].update(grant.letter)
    schemas = lost_schemas(state, context)
    if not (lost or parts or schemas):
        return frozenset()
    given, wanted = rights(state, context), list(lost.values())
    creates = context.special.create if context.special is not None else ()
    whole = [{"C", "U"} if name in creates else {"U"} for name in schemas]
    held = {
        ref: letters
        for ref, facts in state.objects.items()
        if ref not in given.objects and (letters := set(privileges.letters(facts.acl, context.role)))
    }
    found = {ref for ref, letters in held.items() if letters in (whole if ref.kind == "schema" else wanted)}
    called = {ref.name for ref in found if ref.kind == "schema"}
    found.update(ref for ref in held if ref.schema in called)
    for ref, acl in state.columns.items():
        more = privileges.minus(privileges.letters(acl, context.role), given.columns.get(ref, ""))
        if more and (parts.issuperset(more) or ref.schema in called):
            found.add(ref)
    # Without USAGE on the schema the role could not reach them
    return frozenset((*found, *held.keys() & {_schema(ref.schema) for ref in found}))
