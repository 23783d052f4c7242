"""What a special role can and cannot do: what its list says, and nothing else. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping

from flatsplit import ddl, privileges
from flatsplit.model import (
    JOURNAL_SCHEMA,
    PUBLIC,
    TABLES,
    Check,
    ObjectGroup,
    ObjectRef,
    State,
)
from flatsplit.rights.matrix import SHOWN, Rights
from flatsplit.walks.role import grant_list
from flatsplit.walks.role.context import Context
from flatsplit.walks.split import grants, restricted

_WRITABLE = TABLES | {"view"}
_READABLE = _WRITABLE | {"materialized_view"}
_ELSE = "that its list does not name"
GONE = " (not here)"
"""Follows a name of a list that means nothing any more."""


def matrix(state: State, context: Context, *, bridged: bool = False) -> tuple[Check, ...]:
    """Every line of its list, and what it must not be able to do; ``bridged``: it has another role's rights for the
    time being.
    """
    special, role = context.special, context.role
    if special is None or role not in state.roles:
        return ()
    rights, given = Rights(state, role), grant_list.rights(state, context)
    checks = [*_can(state, context, rights, given)]
    if not bridged:
        checks += _cannot(state, context, rights, given)
    return tuple(checks)


def _can(state: State, context: Context, rights: Rights, given: grant_list.ListedRights) -> Iterator[Check]:
    special, role = context.special, context.role
    assert special is not None
    nothing: dict[str, list[str]] = {}
    for line, name in grant_list.nothing(state, context):
        nothing.setdefault(line.privilege, []).append(f"{name}{GONE}")
    for line in grant_list.lines(context.config, special):
        refs = [ref for name in line.names for ref in grants.named(state, name, line.letter)]
        missing = [ddl.label(ref) for ref in refs if line.letter not in _held(state, rights, ref)]
        missing += nothing.get(line.privilege, [])
        act = f"{line.privilege.replace('_', ' ')}, as [grants] says"
        yield _check(role, act, True, len(refs) + len(nothing.get(line.privilege, [])), missing)
    lost = grant_list.lost_schemas(state, context)
    for schema in special.schemas:
        count, missing = (1, [f"schema {schema}{GONE}"]) if schema in lost else (0, list[str]())
        for group in state.groups:
            inside = [ref for ref in group.refs if ref in given.objects] if group.schema == schema else []
            held = rights.letters(group.facts) if inside else frozenset()
            missing += [ddl.label(ref) for ref in inside if not held.issuperset(given.objects[ref])]
            count += len(inside)
        yield _check(role, f"read everything in schema {schema}", True, count, missing)
    for schema in special.create:
        ref = ObjectRef("schema", "", schema)
        gone = GONE if schema in lost else ""
        missing = [] if "C" in _held(state, rights, ref) else [f"{ddl.label(ref)}{gone}"]
        yield _check(role, f"create in schema {schema}", True, 1, missing)
    groups = grant_list.memberships(context.config, special)
    if groups:
        without = [of for of in groups if of not in state.member_of(role)]
        yield _check(role, "be a member, as [grants] says", True, len(groups), without)


def _held(state: State, rights: Rights, ref: ObjectRef) -> frozenset[str]:
    if ref.kind == "column":
        return rights.on_column(state.columns.get(ref, ()))
    facts = state.objects.get(ref)
    return rights.letters(facts) if facts is not None else frozenset()


def _cannot(state: State, context: Context, rights: Rights, given: grant_list.ListedRights) -> Iterator[Check]:
    special, role = context.special, context.role
    assert special is not None
    groups = [group for group in state.groups if _counts(group, context)]
    relations = [group for group in groups if group.kind in _READABLE]
    # Newer objects are its own by rule where new_tables says so, and no list names them
    ruled = grant_list.ruled(context, given)
    closed = [group for group in relations if group.schema not in ruled]
    read = [*_beyond(closed, rights, given.objects, "r"), *_columns(state, rights, given, "r", ruled)]
    yield _check(role, f"read anything {_ELSE}", False, _size(closed), read)
    ruled = ruled if special.new_tables == "write" else ()
    closed = [group for group in relations if group.kind in _WRITABLE and group.schema not in ruled]
    write = [*_beyond(closed, rights, given.objects, "awd"), *_columns(state, rights, given, "aw", ruled)]
    yield _check(role, f"write anything {_ELSE}", False, _size(closed), write)
    tables = [group for group in relations if group.kind in TABLES]
    yield _check(role, "truncate tables", False, _size(tables), _beyond(tables, rights, given.objects, "D"))
    owned = (ddl.label(ref) for group in groups if rights.owns(group.facts) for ref in group.refs)
    yield _check(role, "alter or drop what is not its own", False, _size(groups), owned)
    passed = (ddl.label(ref) for group in groups if rights.may_grant(group.facts) for ref in group.refs)
    yield _check(role, "grant privileges", False, _size(groups), passed)
    places = [
        ref
        for ref in state.objects
        if (ref.kind == "schema" and state.objects[ref].note != "system") or ref.kind == "database"
        if ref.name != JOURNAL_SCHEMA and ref.name not in special.create
    ]
    # Rights of PUBLIC are not this role's to lose: the split takes CREATE from PUBLIC when it enables logins
    places = [ref for ref in places if "C" not in privileges.letters(state.objects[ref].acl, PUBLIC)]
    creates = (ddl.label(ref) for ref in places if "C" in rights.letters(state.objects[ref]))
    yield _check(
        role, "create permanent objects" + (" elsewhere" if special.create else ""), False, len(places), creates
    )
    yield _kept(state, context, rights, given)
    beyond = {key.role for key in state.members if key.member == role} - {
        *grant_list.memberships(context.config, special)
    }
    yield _check(role, "act as another role", False, 1, beyond)


def _counts(group: ObjectGroup, context: Context) -> bool:
    """Whether the objects are the database's own, and not made by the role."""
    facts = group.facts
    journal = JOURNAL_SCHEMA in (group.schema, group.refs[0].name if group.kind == "schema" else "")
    return not (facts.extension or facts.note == "system" or journal or facts.owner == context.role)


def _beyond(
    groups: Iterable[ObjectGroup], rights: Rights, given: Mapping[ObjectRef, str], letters: str
) -> Iterator[str]:
    """Objects on which it has one of these privileges without its list, except as PUBLIC."""
    for group in groups:
        held = rights.letters(group.facts).intersection(letters) - set(privileges.letters(group.facts.acl, PUBLIC))
        for ref in group.refs if held else ():
            if not held <= set(given.get(ref, "")):
                yield ddl.label(ref)


def _columns(
    state: State, rights: Rights, given: grant_list.ListedRights, letters: str, ruled: Collection[str]
) -> Iterator[str]:
    for ref, acl in state.columns.items():
        if ref.schema in ruled:
            continue
        held = rights.on_column(acl).intersection(letters) - set(privileges.letters(acl, PUBLIC))
        if held and not held <= set(given.columns.get(ref, "")):
            yield ddl.label(ref)


def _kept(state: State, context: Context, rights: Rights, given: grant_list.ListedRights) -> Check:
    """What the system or an extension keeps from PUBLIC, unless its list says so."""
    count, wrong = 0, list[str]()
    member = bool(context.special and grant_list.memberships(context.config, context.special))
    for group in state.groups if not member else ():
        if not group.facts.kept:
            continue
        count += len(group.refs)
        limited = restricted.letters(group.refs[0], group.facts)
        held = rights.letters(group.facts).intersection(limited) - set(privileges.letters(group.facts.acl, PUBLIC))
        wrong += [ddl.label(ref) for ref in group.refs if not held <= set(given.objects.get(ref, ""))]
    return _check(context.role, "use what the system or an extension keeps from everybody", False, count, wrong)


def _size(groups: Iterable[ObjectGroup]) -> int:
    return sum(len(group.refs) for group in groups)


def _check(role: str, act: str, expected: bool, count: int, wrong: Iterable[str]) -> Check:
    names = list(wrong)
    return Check(role, act, expected, count, tuple(heapq.nsmallest(SHOWN, names)), len(names))
