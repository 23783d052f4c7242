"""What the catalog says of tenants and of everything that they reach: read once, judged afterwards without a server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import psycopg

from flatsplit import resources
from flatsplit.errors import TargetError
from flatsplit.model import Member, versions

Name = tuple[str, str]
"""(schema, name) of a relation."""


class TenantRole(NamedTuple):
    """A tenant's role, the group, or another member of it."""

    name: str
    direct: bool
    """A member of the group itself."""
    inherit: bool
    admin: bool
    superuser: bool
    bypass: bool
    createrole: bool
    replication: bool
    others: tuple[str, ...] = ()
    """Roles besides the group that it is a member of, over any number of steps."""


class ReachedRelation(NamedTuple):
    """A relation that the group reaches, or a table in scope."""

    kind: str
    """As pg_class has it: r p v m f S."""
    name: Name
    owner: str
    enabled: bool
    forced: bool
    part: bool
    letters: str
    """Rights of the group on all of it, by itself or as one of everybody …"""
    columns: str
    """… and on any column."""
    invoker: bool
    reads: tuple[Name, ...] = ()

    @property
    def reached(self) -> str:
        """All letters."""
        return "".join(dict.fromkeys(self.letters + self.columns))


class TablePolicy(NamedTuple):
    """A policy."""

    table: Name
    name: str
    permissive: bool
    command: str
    roles: tuple[str, ...]
    """"" for everybody."""
    using: str
    check: str


class InsertColumn(NamedTuple):
    """A column as an INSERT sees it."""

    name: str
    type: str
    insertable: bool
    updatable: bool
    not_null: bool
    identity: bool
    generated: bool
    picky: bool
    """Its domain may refuse a NULL before any policy is asked."""
    routes: bool
    """The partition of a row depends on it."""


class Code(NamedTuple):
    """A trigger or a rule."""

    table: Name
    what: str
    name: str
    runs: str
    moment: str
    each: str
    commands: str
    definer: bool


class Unique(NamedTuple):
    """A unique index."""

    table: Name
    name: str
    primary: bool
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """All of it."""

    group: str
    tenants: Mapping[str, str]
    """Key by role."""
    roles: Mapping[str, TenantRole] = field(default_factory=dict)
    powers: Mapping[str, str] = field(default_factory=dict)
    """What gives other roles a say here."""
    own_rights: Sequence[tuple[str, bool, str]] = ()
    """(tenant, whether it owns it, object)."""
    others: Sequence[tuple[str, str]] = ()
    """(tenant, who may act as it)."""
    relations: Mapping[Name, ReachedRelation] = field(default_factory=dict)
    policies: Sequence[TablePolicy] = ()
    columns: Mapping[Name, tuple[InsertColumn, ...]] = field(default_factory=dict)
    code: Sequence[Code] = ()
    unique: Sequence[Unique] = ()
    definers: Sequence[tuple[str, str, str]] = ()
    """(schema, signature, owner)."""
    besides: Sequence[tuple[str, str]] = ()
    holders: Mapping[Name, tuple[str, ...]] = field(default_factory=dict)
    """Who holds rights on a table that has a policy for everybody: not of the digest, for it keeps nobody apart."""
    databases: Sequence[tuple[str, str]] = ()
    """(other database that lets a tenant in, by whose right: "" for everybody): not of the digest, being others'."""
    memberships: Sequence[Member] = ()
    """Of tenants and of the roles that they are members of, over any number of steps: who has to take them away."""
    member_options: bool = False
    """Whether the server keeps INHERIT per membership, and a membership per grantor."""

    @cached_property
    def audience(self) -> frozenset[str]:
        """Whom a policy has to be for so that it counts for tenants. Kept: it is asked for each policy."""
        return frozenset({self.group, *self.roles})

    @property
    def digest(self) -> str:
        """Of what keeps tenants apart, and not of how many rows there are."""
        said = [
            self.group,
            sorted(self.tenants.items()),
            sorted(self.roles.values()),
            sorted(self.powers.items()),
            sorted(self.own_rights),
            sorted(self.relations.values()),
            sorted(self.policies),
            sorted(self.code),
            sorted(self.definers),
            sorted(self.besides),
        ]
        return hashlib.sha256(json.dumps(said, ensure_ascii=True).encode()).hexdigest()


def read_facts(
    conn: psycopg.Connection[Any],
    group: str,
    tenants: Mapping[str, str],
    schemas: Collection[str],
    *,
    acts: bool = True,
) -> Facts:
    """Read the catalog, in one snapshot if the caller has one; nobody's rows, nobody's code, no lock that stays.

    ``acts``: with what only a proof needs, which tries something and names every hole. Raises TargetError where a lock
    is in the way.
    """
    known = {"group": group, "mapped": list(tenants), "schemas": list(schemas)}
    policies = _policies(conn, known)
    roles = {row[0]: TenantRole(*row)._replace(others=tuple(row[-1])) for row in _ask(conn, "roles", known)}
    names = sorted(roles.keys() - {group})
    others = sorted({other for role in roles.values() for other in role.others})
    facts = replace(
        read_ways(conn, group, schemas),
        tenants=dict(tenants),
        roles=roles,
        powers=dict(_ask(conn, "powers", {"names": others})),
        own_rights=_ask(conn, "own_rights", {"names": [*names, group]}),
        others=_ask(conn, "others", {"names": names}),
        policies=policies,
        holders={(schema, name): tuple(held) for schema, name, held in _ask(conn, "holders", known)},
        memberships=[Member(*row) for row in _ask(conn, "memberships", {"names": [group, *names, *others]})],
        member_options=versions.major_of(conn.info.server_version) >= versions.MEMBER_OPTIONS,
    )
    if not acts:
        return facts
    return replace(
        facts,
        columns={
            (s, t): tuple(InsertColumn(*each) for each in columns) for s, t, columns in _ask(conn, "columns", known)
        },
        unique=[
            Unique((s, t), name, primary, tuple(cols)) for s, t, name, primary, cols in _ask(conn, "unique", known)
        ],
        databases=_ask(conn, "databases", known | {"names": [group, *tenants, *names, *others]}),
    )


def read_ways(conn: psycopg.Connection[Any], group: str, schemas: Collection[str]) -> Facts:
    """Only what the group reaches, and the code that runs where it does: what may lead around the policies."""
    known = {"group": group, "schemas": list(schemas)}
    relations = {}
    for kind, schema, name, owner, enabled, forced, part, letters, columns, open_, invoker, reads in _ask(
        conn, "relations", known
    ):
        whole, part_of_it = (letters, columns) if open_ else ("", "")
        read = tuple((one[0], one[1]) for one in reads)
        relations[schema, name] = ReachedRelation(
            kind, (schema, name), owner, enabled, forced, part, whole, part_of_it, invoker, read
        )
    return Facts(
        group,
        {},
        relations=relations,
        code=[Code((row[0], row[1]), *row[2:]) for row in _ask(conn, "code", known)],
        definers=_ask(conn, "definers", known),
        besides=_ask(conn, "besides", known),
    )


def _policies(conn: psycopg.Connection[Any], known: Mapping[str, Any]) -> list[TablePolicy]:
    """What each says. Printing one locks the tables that it asks, for a moment; nobody is waited for."""
    try:
        with conn.transaction(force_rollback=True):
            conn.execute(
                "SELECT set_config('quote_all_identifiers', 'on', true), set_config('lock_timeout', '100ms', true)"
            )
            rows = _ask(conn, "policies", known)
    except psycopg.errors.LockNotAvailable:
        raise TargetError(
            "what the policies say cannot be read: somebody holds a lock on a table that one of them asks",
            "call again when the migration is through",
        ) from None
    return [
        TablePolicy((schema, table), name, permissive, command, tuple(roles), using, check)
        for schema, table, name, permissive, command, roles, using, check in rows
    ]


def _ask(conn: psycopg.Connection[Any], name: str, parameters: Mapping[str, Any]) -> list[Any]:
    return conn.execute(question(name), parameters).fetchall()


def question(name: str) -> bytes:
    """The text of ``queries/<name>.sql``."""
    return resources.query(__package__, name)
