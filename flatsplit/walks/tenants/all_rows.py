"""Who sees all rows of a table of tenants, as before the walk."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from flatsplit.model import PUBLIC, Acl, ObjectRef, State

_ALL = ("pg_read_all_data", "pg_write_all_data")
"""Predefined roles that may read or write every table without an entry in its ACL."""


@dataclass(slots=True)
class Readers:
    """What is worked out of one State once, and used for each of its tables."""

    tenants: frozenset[str]
    """The group, the pool and the tenants' roles, whether they exist already or are still to be created."""
    columns: Mapping[tuple[str, str], list[tuple[ObjectRef, Acl]]]
    """Columns that have an ACL of their own, by the schema and name of the table."""
    readers: frozenset[str]
    """Those of the predefined roles that have a member who is not a tenant."""
    named: dict[tuple[int, tuple[Acl, ...]], frozenset[str]]
    """A cache: the roles that are to see all rows, by the id of a table's facts and the ACLs of its columns. Most
    tables share these.
    """
    seers: Mapping[ObjectRef, frozenset[str]] | None = None
    """The policies named ``everyone``, each with the roles that it is for."""

    @classmethod
    def of(cls, state: State, tenants: Collection[str]) -> Readers:
        """What is known of this State. ``tenants``: all roles of tenants, see there."""
        columns: dict[tuple[str, str], list[tuple[ObjectRef, Acl]]] = {}
        for column, acl in state.columns.items():
            columns.setdefault((column.schema, column.name), []).append((column, acl))
        theirs = frozenset(tenants)
        readers = frozenset(key.role for key in state.members if key.role in _ALL and key.member not in theirs)
        return cls(theirs, columns, readers, {})


def table_of(state: State, policy: ObjectRef) -> ObjectRef:
    """The table that a policy is on."""
    partitioned = ObjectRef("partitioned_table", policy.schema, policy.name)
    return partitioned if partitioned in state.objects else ObjectRef("table", policy.schema, policy.name)


def bare(state: State, baseline: State) -> frozenset[ObjectRef]:
    """Tables that once were tenants', without row-level security before, and have it without any policy now: these went
    with a column, and nobody held a right there for whom one would be left.
    """
    named = {ref[1:3] for ref in state.policies}
    before = (ref for ref, security in baseline.row_security.items() if not security.enabled)
    now = ((ref, state.row_security.get(ref)) for ref in before if ref[1:3] not in named)
    return frozenset(ref for ref, security in now if security is not None and security.enabled)


def everyone(state: State, ref: ObjectRef, known: Readers) -> frozenset[str]:
    """The roles that a table's policy ``everyone`` has to name, so that they see all of its rows, as before.

    These are the roles with an entry in its ACL or in one of its columns', and ``pg_read_all_data`` and
    ``pg_write_all_data`` where they have members. Not the tenants' roles; not the owner and superusers, who see all
    rows without a policy; and not members of these roles, since a policy for a role is for its members too.
    """
    facts = state.objects.get(ref)
    if facts is None:
        return frozenset()
    columns = tuple(acl for _, acl in known.columns.get((ref.schema, ref.name), ())) if known.columns else ()
    found = known.named.get((id(facts), columns))
    if found is None:
        held = {item.grantee for acl in (facts.acl, *columns) for item in acl} | known.readers
        found = known.named[id(facts), columns] = frozenset(
            role
            for role in held - known.tenants - {PUBLIC, facts.owner}
            if role in state.roles and not state.roles[role].superuser
        )
    return found
