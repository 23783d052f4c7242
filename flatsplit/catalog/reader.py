"""Reads a State from the catalog."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import psycopg

from flatsplit import privileges
from flatsplit.catalog import cluster, objects, rowsecurity
from flatsplit.catalog.acl import Names
from flatsplit.catalog.recorder import read_recorder
from flatsplit.catalog.session import HASHING, Look, Row, look, question
from flatsplit.model import ObjectFacts, ObjectRef, RoleFacts, State, Target, versions

_OF_OBJECTS = (
    *("columns", "default_privileges", "policies", "row_security", "user_mappings", "databases", "uses", "recorder"),
)
"""Questions about what is in the database, that one look asks together."""


def read_state(conn: psycopg.Connection[Any]) -> State:
    """All facts of the current database and of the cluster's roles, at one moment.

    On an idle connection that is a snapshot of its own (REPEATABLE READ, then READ ONLY); inside a transaction it is
    what that transaction sees. No superuser is needed: what an ordinary operator may not read has the defaults of the
    model.
    """
    with look(conn, writes=True) as at, ThreadPoolExecutor(1, "reading") as beside:
        tenants, _ = rowsecurity.read_tenants(at)
        at.only_reads()
        roles = at.ask("roles")
        names = Names({row[0]: row[1] for row in roles})
        queries = objects.object_queries(at)
        server = ("system_identifier", "log_statement")[not at.server.reads_identifier :]
        with at.at_once(*map(question, server), *_listing(queries), *_of_cluster(at), *map(question, _OF_OBJECTS)):
            found = beside.submit(objects.objects_of, objects.ask_objects(at, queries), names, at.server.major)
            of_roles = _of_roles(at, roles, names)
            target = cluster.read_target(at, names, of_roles["settings"])
            state = State(
                target=replace(target, log_statement=cluster.read_log_statement(at)),
                columns=objects.read_columns(at, names),
                defaults=objects.read_defaults(at, names),
                policies=objects.read_policies(at, names),
                row_security=rowsecurity.read_row_security(at),
                tenants=tenants,
                mappings=objects.read_mappings(at, names),
                databases=cluster.read_databases(at, names),
                uses=objects.read_uses(at),
                recorder=read_recorder(at),
                **of_roles,
            )
        state = state.but(conditions=rowsecurity.read_conditions(at), tenancies=rowsecurity.read_tenancies(at))
        named, groups = found.result()  # last, since the server goes on answering while objects are made from the rows
        return state.but(objects=named, groups=groups)


def with_columns(conn: psycopg.Connection[Any], state: State, wanted: Iterable[ObjectRef]) -> State:
    """``state`` with these columns, as far as they exist. One without privileges of its own has an empty ACL.

    A State has only columns with an ACL of their own, since a database has too many.
    """
    missing = sorted(set(wanted) - state.columns.keys())
    if not missing:
        return state
    with look(conn) as at:
        names = ([ref.schema for ref in missing], [ref.name for ref in missing], [ref.args for ref in missing])
        found = {ObjectRef("column", *row): () for row in at.ask("named_columns", *names)}
    return state.but(columns={**state.columns, **found}) if found else state


def with_parameters(conn: psycopg.Connection[Any], state: State, wanted: Iterable[str]) -> State:
    """``state`` with these configuration parameters, as far as the server knows them.

    The catalog has a row only for those on which somebody has a privilege, and deletes it with the last REVOKE.
    """
    missing = sorted({name for name in wanted if ObjectRef("parameter", "", name) not in state.objects})
    if not missing or state.target.major < versions.PARAMETER_GRANTS:
        return state
    acl = privileges.default_acl("parameter", state.target.major)
    plain = ObjectFacts(state.target.bootstrap, acl, note="system")
    with look(conn) as at:
        found = {ObjectRef("parameter", "", name): plain for (name,) in at.ask("named_parameters", missing)}
    return state.but(objects={**state.objects, **found}) if found else state


def read_people(conn: psycopg.Connection[Any]) -> State:
    """Roles and memberships alone, without objects and other databases."""
    with look(conn) as at:
        rows = at.ask("roles")
        names = Names({row[0]: row[1] for row in rows})
        return State(
            target=cluster.read_target(at, names, {}),
            roles={name: RoleFacts(*attributes) for _, name, *attributes in rows},
            members=cluster.read_members(at, names),
        )


def with_roles(conn: psycopg.Connection[Any], state: State) -> State:
    """``state`` with the present roles, memberships, settings and tenants, where nothing else has changed."""
    with look(conn, writes=bool(state.tenancies)) as at:
        tenants = rowsecurity.read_tenants(at)[0] if state.tenancies else state.tenants
        at.only_reads()
        with at.at_once(question("roles"), *_of_cluster(at)):
            rows = at.ask("roles")
            of_roles = _of_roles(at, rows, Names({row[0]: row[1] for row in rows}))
        return state.but(**of_roles, tenants=tenants)


def with_defaults(conn: psycopg.Connection[Any], state: State) -> State:
    """``state`` with the present default privileges and roles, where nothing else has changed."""
    with look(conn) as at, at.at_once(question("roles"), *_of_cluster(at), question("default_privileges")):
        rows = at.ask("roles")
        names = Names({row[0]: row[1] for row in rows})
        return state.but(**_of_roles(at, rows, names), defaults=objects.read_defaults(at, names))


def with_objects(conn: psycopg.Connection[Any], state: State) -> State:
    """``state`` with the present objects, default privileges and roles, where nothing else has changed.

    Columns and rules take as long to read as all of that, and no GRANT on a table changes them.
    """
    with look(conn) as at, ThreadPoolExecutor(1, "reading") as beside:
        rows = at.ask("roles")
        names = Names({row[0]: row[1] for row in rows})
        queries = objects.object_queries(at)
        with at.at_once(*_listing(queries), *_of_cluster(at), question("default_privileges")):
            found = beside.submit(objects.objects_of, objects.ask_objects(at, queries), names, at.server.major)
            after = state.but(**_of_roles(at, rows, names), defaults=objects.read_defaults(at, names))
        named, groups = found.result()
        return after.but(objects=named, groups=groups)


def with_rules(conn: psycopg.Connection[Any], state: State, *, conditions: bool) -> State | None:
    """``state`` with the present objects, rights, policies and row-level security, where nothing else has changed.

    What policies say takes longest and is read only where ``conditions`` may have changed. None where there are objects
    or policies that ``state`` does not have, whose columns or conditions would be missing.
    """
    with look(conn) as at, ThreadPoolExecutor(1, "reading") as beside:
        rows = at.ask("roles")
        names = Names({row[0]: row[1] for row in rows})
        queries = objects.object_queries(at)
        of_objects = map(question, ("default_privileges", "policies", "row_security"))
        with at.at_once(*_listing(queries), *_of_cluster(at), *of_objects):
            found = beside.submit(objects.objects_of, objects.ask_objects(at, queries), names, at.server.major)
            now = state.but(
                **_of_roles(at, rows, names),
                defaults=objects.read_defaults(at, names),
                policies=(policies := objects.read_policies(at, names)),
                row_security=rowsecurity.read_row_security(at),
            )
        said = rowsecurity.read_conditions(at) if conditions else state.conditions
        named, groups = found.result()
    known = named.keys() == state.objects.keys() and said.keys() == policies.keys()
    return now.but(objects=named, groups=groups, conditions=said) if known else None


def unread_tenants(conn: psycopg.Connection[Any]) -> list[ObjectRef]:
    """The tables that map roles to tenants and that cannot be read, or not without running somebody's code."""
    with look(conn, writes=True) as at:
        return rowsecurity.read_tenants(at)[1]


def read_identity(conn: psycopg.Connection[Any]) -> Target:
    """The database itself, to check whether a journal is about it."""
    with look(conn) as at:
        return cluster.read_target(at, Names({row[0]: row[1] for row in at.ask("roles")}), {})


def _listing(queries: Iterable[str]) -> tuple[str, ...]:
    """What :func:`objects.ask_objects` asks."""
    return (HASHING[0], *queries, HASHING[1])


def _of_cluster(at: Look) -> tuple[str, ...]:
    """What :func:`_of_roles` asks."""
    passwords = ("passwords",) if at.server.reads_passwords else ()
    return tuple(map(question, ("elsewhere", "role_comments", *passwords, "members", "settings")))


def _of_roles(at: Look, rows: list[Row], names: Names) -> dict[str, Any]:
    """The facts of a State about roles, from the rows of ``roles``."""
    return {
        "roles": cluster.read_roles(at, rows),
        "members": cluster.read_members(at, names),
        "settings": cluster.read_settings(at, names),
    }
