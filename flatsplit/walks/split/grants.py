"""The groups whose rights legacy has, and what [grants] of the configuration means."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from flatsplit import blueprint, privileges
from flatsplit.config import Config, parse_name
from flatsplit.config.signatures import same_arguments
from flatsplit.model import OWNER, Acl, Kind, ObjectRef, State, versions
from flatsplit.walks.split.context import Context

_NAMED: tuple[Kind, ...] = (
    *("table", "partitioned_table", "foreign_table", "view", "materialized_view", "sequence"),
    *("type", "domain"),
)
_BY_COLUMN = "rawx"
_SET = ("s", "A")
_CALLED: tuple[Kind, ...] = ("function", "procedure", "aggregate")
_UNSCHEMED: tuple[Kind, ...] = (
    *("schema", "database", "language", "large_object", "server", "foreign_data_wrapper", "parameter"),
)


def groups_of(state: State, role: str, apart: Collection[str] = ()) -> frozenset[str]:
    """Roles whose rights ``role`` has through memberships, without predefined roles and superusers, and without those
    ``apart`` and what only these lead to: the new roles' own groups do not concern legacy.
    """
    found: set[str] = set()
    todo = [role]
    inherits = state.target.membership_options
    while todo:
        one = todo.pop()
        if not inherits and one in state.roles and not state.roles[one].inherit:
            continue
        for key, options in state.members.items():
            if key.member == one and key.role not in (*found, *apart) and (not inherits or options.inherit):
                found.add(key.role)
                todo.append(key.role)
    superusers = {name for name, facts in state.roles.items() if facts.superuser}
    return frozenset(group for group in found - superusers if not group.startswith("pg_"))


def of_the_database(state: State, context: Context) -> frozenset[str]:
    """pg_database_owner where legacy owns the database: a membership that nobody granted and nobody can hand on
    (manual, "Predefined Roles").
    """
    database = state.objects.get(ObjectRef("database", "", state.target.database))
    owned = database is not None and database.owner in context.owners
    return frozenset({"pg_database_owner"}) if owned and state.target.major >= versions.DATABASE_OWNER else frozenset()


def lent(acl: Acl, owner: str, roles: Collection[str]) -> frozenset[str]:
    """The letters that an object of ``owner`` gives to these roles; to the owner, if it is one of them, its own."""
    return frozenset(letter for role in roles for letter in privileges.letters(acl, OWNER if role == owner else role))


def extras(state: State, context: Context) -> Iterator[tuple[str, str, tuple[ObjectRef, ...]]]:
    """What [grants] of the configuration adds: role, privilege, and the objects meant by a name.

    Memberships are not among these: see :func:`flatsplit.walks.split.restricted.configured`.
    """
    for grant in context.config.grants:
        role = "" if context.config.special_role(grant.purpose) else blueprint.named(context.config, grant.purpose)
        found = tuple(ref for name in grant.names for ref in named(state, name, grant.letter))
        if role and grant.letter and found:
            yield role, grant.letter, found


def columns_of(name: str, letter: str) -> tuple[str, ...]:
    """The columns that a name of [grants] has after its table; empty where it has none."""
    parts, args = parse_name(name)
    if args is None or len(parts) != 2 or letter not in _BY_COLUMN:
        return ()
    return tuple(dict.fromkeys(map(_column, re.findall(r'"(?:[^"]|"")+"|[^\s,"]+', args))))


def columns(config: Config) -> frozenset[ObjectRef]:
    """All columns that [grants] names, for any role."""
    found: set[ObjectRef] = set()
    for grant in config.grants:
        for name in grant.names:
            schema, table = (*parse_name(name).parts, "")[:2]
            found.update(ObjectRef("column", schema, table, column) for column in columns_of(name, grant.letter))
    return frozenset(found)


def parameters(config: Config) -> frozenset[str]:
    """All configuration parameters that [grants] names, for any role."""
    return frozenset(
        ".".join(parse_name(name).parts) for grant in config.grants if grant.letter in _SET for name in grant.names
    )


def _column(word: str) -> str:
    try:
        return parse_name(word).parts[-1]
    except ValueError:  # no column has such a name
        return word


def named(state: State, name: str, letter: str) -> Iterator[ObjectRef]:
    """The objects that a name of [grants] means: those that have this privilege in this major.

    A table may be followed by columns (:func:`flatsplit.catalog.with_columns`).
    """
    parts, args = parse_name(name)
    schema = parts[0] if len(parts) == 2 else ""
    if not letter:
        return
    if columns := columns_of(name, letter):
        refs = (ObjectRef("column", schema, parts[-1], column) for column in columns)
        yield from (ref for ref in refs if ref in state.columns)
        return
    if letter in _SET:
        schema, parts = "", (".".join(parts),)
    for kind in _CALLED if args is not None else _NAMED if schema else _UNSCHEMED:
        if letter not in privileges.owner_letters(kind, state.target.major):
            continue
        ref = ObjectRef(kind, schema, parts[-1], args or "")
        if ref in state.objects:
            yield ref
        elif args is not None:
            yield from _by_types(state, ref)


def _by_types(state: State, named: ObjectRef) -> Iterator[ObjectRef]:
    """The routine whose arguments have these types, whatever their names."""
    for group in state.groups:
        if (group.kind, group.schema) == (named.kind, named.schema):
            yield from (one for one in group.refs if one.name == named.name and same_arguments(named.args, one.args))
