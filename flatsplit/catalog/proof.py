"""Proves that a State is complete: everything that depends on a role by the server's records is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import psycopg

from flatsplit.catalog.acl import Names
from flatsplit.catalog.dependents import Dependents, dependents_of
from flatsplit.catalog.objects import is_temporary
from flatsplit.catalog.session import Look, look
from flatsplit.catalog.sources import sources
from flatsplit.model import PUBLIC, Acl, DefaultRef, Member, ObjectFacts, ObjectRef, State

_WORDS = {"o": "owner of ", "a": "privileges for ", "r": "target of ", "i": "initial privileges for "}
"""Words of DROP ROLE for dependencies (storeObjectDescription in pg_shdepend.c)."""


class _Address(NamedTuple):
    catalog: str
    oid: int
    column: int = 0
    deptype: str = ""


_NAMED = """
SELECT q.kind, q.schema, d.deptype, array_agg(q.name), array_agg(q.args), array_agg(d.objid)
FROM (
{dependents}) AS d
LEFT JOIN (
{question}) AS q ON q.oid = d.objid
GROUP BY 1, 2, 3
"""

_DESCRIBED = """
SELECT a.deptype, coalesce(pg_describe_object(a.catalog::regclass, a.oid, a.position), a.catalog || ' ' || a.oid),
       coalesce(
           (pg_identify_object(a.catalog::regclass, a.oid, a.position)).schema,
           (SELECT n.nspname::text
            FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE a.catalog = 'pg_policy' AND p.oid = a.oid))
FROM unnest(%s::text[], %s::oid[], %s::integer[], %s::text[]) AS a (catalog, oid, position, deptype)
"""
"""To the server a policy has no schema: it is its table's here."""


def unknown_dependencies(conn: psycopg.Connection[Any], role: str, state: State) -> tuple[str, ...]:
    """Descriptions of what depends on the role and is not in the State, or not as a fact about that role.

    It reads the server now, so it has to run in the transaction in which the State was read; otherwise changes in
    between are reported too. Temporary objects are left out, and other databases are in ``elsewhere``.
    """
    with look(conn) as at:
        names = Names({row[0]: row[1] for row in at.ask("roles")})
        unknown: list[_Address] = []
        for dependents in dependents_of(at, _oid(at, role)):
            unknown += _unknown(at, dependents, role, state, names)
        return tuple(described for described, _ in _describe(at, unknown))


def remaining_dependencies(
    conn: psycopg.Connection[Any], role: str, *, extensions: bool = True, temporary: bool = True
) -> tuple[str, ...]:
    """Descriptions of all that depends on the role in this database or is shared, in the words of DROP ROLE.

    Without ``extensions`` these are left out: only REASSIGN OWNED moves one, and it refuses for the bootstrap
    superuser. Without ``temporary``, too, what is in temporary schemas: it ends with its session.
    """
    found = _remaining(conn, role, extensions=extensions)
    return tuple(described for described, passes in found if temporary or not passes)


def temporary_dependencies(conn: psycopg.Connection[Any], role: str) -> tuple[str, ...]:
    """Descriptions of what depends on the role in this database and ends with the session that made it."""
    return tuple(described for described, passes in _remaining(conn, role) if passes)


def _remaining(conn: psycopg.Connection[Any], role: str, *, extensions: bool = True) -> list[tuple[str, bool]]:
    """What depends on the role, described and in order, each with whether it is temporary."""
    with look(conn) as at:
        left: list[_Address] = []
        for dependents in dependents_of(at, _oid(at, role)):
            if dependents.catalog == "pg_extension" and not extensions:
                continue
            left += [_Address(dependents.catalog, *row) for row in at.rows(dependents.sql)]
        return _describe(at, left)


def owned_elsewhere(conn: psycopg.Connection[Any], role: str) -> tuple[str, ...]:
    """The other databases in which the role owns something or has rights, read now; as RoleFacts.elsewhere."""
    with look(conn) as at:
        oid = _oid(at, role)
        return tuple(sorted(database for owner, database in at.ask("elsewhere") if owner == oid))


def _oid(at: Look, role: str) -> int:
    """The role's oid; 0, on which nothing depends, where it does not exist."""
    rows = at.rows("SELECT r.oid FROM pg_roles AS r WHERE r.rolname = %s", role)
    return int(rows[0][0]) if rows else 0


def _unknown(at: Look, dependents: Dependents, role: str, state: State, names: Names) -> Iterable[_Address]:
    if dependents.columns:
        return _unknown_columns(at, dependents, role, state)
    source = next((source for source in sources(at.server) if source.catalog == dependents.catalog), None)
    if source is not None:
        return _unknown_objects(at, dependents, source.question, role, state)
    ask = _KNOWN.get(dependents.catalog)
    known = ask(at, state, names) if ask else set()
    return [
        _Address(dependents.catalog, oid, column, deptype)
        for oid, column, deptype in at.rows(dependents.sql)
        if (oid, role) not in known
    ]


def _unknown_objects(at: Look, dependents: Dependents, question: str, role: str, state: State) -> Iterable[_Address]:
    """Dependents that are not in the State under the name that the reader's own query gives them."""
    rows = at.rows(_NAMED.format(dependents=dependents.sql, question=question))
    for kind, schema, deptype, called, args, oids in rows:
        if kind is not None and is_temporary(schema):
            continue
        for name, arg, oid in zip(called, args, oids, strict=True):
            facts = state.objects.get(ObjectRef(kind, schema, name, arg)) if kind is not None else None
            if facts is None or not _tells(facts, deptype, role):
                yield _Address(dependents.catalog, oid, 0, deptype)


def _tells(facts: ObjectFacts, deptype: str, role: str) -> bool:
    """Whether the facts of an object account for this dependency."""
    if deptype == "o":
        return facts.owner == role
    return deptype != "a" or _names(facts.acl, role)


def _names(acl: Acl, role: str) -> bool:
    return any(role in (item.grantee, item.grantor) for item in acl)


def _unknown_columns(at: Look, dependents: Dependents, role: str, state: State) -> Iterable[_Address]:
    columns = {
        (oid, position): (schema, table, column) for oid, position, schema, table, column, *_ in at.ask("columns")
    }
    for oid, position, deptype in at.rows(dependents.sql):
        found = columns.get((oid, position)) if dependents.catalog == "pg_class" else None
        if found is not None:
            ref = ObjectRef("column", *found)
            if is_temporary(ref.schema) or deptype == "i" or _names(state.columns.get(ref, ()), role):
                continue
        yield _Address(dependents.catalog, oid, position, deptype)


def _known_defaults(at: Look, state: State, names: Names) -> set[tuple[int, str]]:
    known: set[tuple[int, str]] = set()
    for oid, creator, schema, objtype, _ in at.ask("default_privileges"):
        acl = state.defaults.get(DefaultRef(names[creator], schema, objtype))
        if acl is not None:
            known.add((oid, names[creator]))
            known.update((oid, party) for item in acl for party in (item.grantee, item.grantor))
    return known


def _known_policies(at: Look, state: State, names: Names) -> set[tuple[int, str]]:
    known: set[tuple[int, str]] = set()
    for oid, schema, table, policy, roles in at.ask("policies"):
        told = state.policies.get(ObjectRef("policy", schema, table, policy), frozenset())
        known.update((oid, names[role]) for role in roles if names[role] in told or is_temporary(schema))
    return known


def _known_mappings(at: Look, state: State, names: Names) -> set[tuple[int, str]]:
    return {
        (oid, names[role])
        for oid, server, role in at.ask("user_mappings")
        if ObjectRef("user_mapping", "", server, names[role] if role else PUBLIC) in state.mappings
    }


def _known_members(at: Look, state: State, names: Names) -> set[tuple[int, str]]:
    """From 16 on the grantor of a membership is a dependency as well."""
    known: set[tuple[int, str]] = set()
    for role, member, grantor, *_, oid in at.ask("members"):
        key = Member(names[role], names[member], names[grantor])
        if key in state.members:
            known.update((oid, party) for party in key)
    return known


_KNOWN: dict[str, Callable[[Look, State, Names], set[tuple[int, str]]]] = {
    "pg_default_acl": _known_defaults,
    "pg_policy": _known_policies,
    "pg_user_mapping": _known_mappings,
    "pg_auth_members": _known_members,
}
"""For catalogs of what is no object: the (oid, role) pairs that are in the State."""


def _describe(at: Look, addresses: Iterable[_Address]) -> list[tuple[str, bool]]:
    columns = [list(column) for column in zip(*addresses, strict=True)]
    rows = at.rows(_DESCRIBED, *columns) if columns else []
    return sorted(
        (_WORDS.get(deptype, "") + described, is_temporary(schema or "") is not None)
        for deptype, described, schema in rows
    )
