"""Objects with an owner, and what belongs to them: column privileges, default privileges, policies, user mappings."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from sys import intern
from typing import NamedTuple, cast

from flatsplit import privileges
from flatsplit.catalog.acl import LETTERS, Names
from flatsplit.catalog.session import Look, Row
from flatsplit.catalog.sources import TEMPORARY, filled, sources
from flatsplit.model import PUBLIC, SINGLE, Acl, DefaultRef, Kind, ObjectFacts, ObjectGroup, ObjectRef

is_temporary = re.compile(TEMPORARY).match


def object_queries(look: Look) -> tuple[str, ...]:
    """The queries that list every object, equal ones in one row."""
    known = sources(look.server)
    there = {catalog for (catalog,) in look.rows(filled(source for source in known if source.rare))}
    return tuple(source.grouped for source in known if not source.rare or source.catalog in there)


def ask_objects(look: Look, queries: Sequence[str]) -> list[list[Row]]:
    """Every object as the server lists it, to :func:`object_queries`."""
    with look.hashing():
        return [look.rows(query) for query in queries]


class Objects(NamedTuple):
    """All objects by name. Those with the same facts share one ObjectFacts and form a group."""

    facts: dict[ObjectRef, ObjectFacts]
    groups: list[ObjectGroup]


def objects_of(grouped: list[list[Row]], names: Names, major: int) -> Objects:
    """The objects from rows of :func:`ask_objects`. Runs no query."""
    objects: dict[ObjectRef, ObjectFacts] = {}
    groups: dict[tuple[str, str, str, int], ObjectGroup] = {}
    shared: dict[ObjectFacts, ObjectFacts] = {}
    for rows in grouped:
        for kind, schema, owner, acl, extension, follows, note, open_, called, args in rows:
            kept = _kept(kind, open_, major)
            facts = ObjectFacts(names[owner], names.acl(acl, owner), extension, follows, intern(note), kept)
            facts = shared.setdefault(facts, facts)
            kind, schema = cast(Kind, intern(kind)), intern(schema)
            refs = [
                ObjectRef(kind, schema, name, arg) for name, arg in zip(called, args, strict=True) if arg is not None
            ]
            objects.update(dict.fromkeys(refs, facts))
            for alike in [[ref] for ref in refs] if kind in SINGLE else [refs] if refs else []:
                key = (kind, schema, alike[0].name if kind in SINGLE else "", id(facts))
                groups.setdefault(key, ObjectGroup(kind, schema, facts, [])).refs.extend(alike)
    for group in groups.values():
        group.refs.sort()
    return Objects(objects, list(groups.values()))


def _kept(kind: str, open_: str | None, major: int) -> str:
    """The letters of an object of this kind that PUBLIC did not get at first."""
    if open_ is None:
        return ""
    given = "".join(LETTERS[name] for name in json.loads(open_))
    return intern(privileges.minus(privileges.owner_letters(kind, major), given))


def read_columns(look: Look, names: Names) -> dict[ObjectRef, Acl]:
    """Column ACLs that are not NULL."""
    return {
        ObjectRef("column", intern(schema), table, column): names.acl(acl, owner)
        for _, _, schema, table, column, owner, acl in look.ask("columns")
        if not is_temporary(schema)
    }


def read_defaults(look: Look, names: Names) -> dict[DefaultRef, Acl]:
    """Rows of pg_default_acl; an ACL emptied by REVOKE is a row too."""
    return {
        DefaultRef(names[creator], schema, objtype): names.acl(acl, creator)
        for _, creator, schema, objtype, acl in look.ask("default_privileges")
    }


def read_policies(look: Look, names: Names) -> dict[ObjectRef, frozenset[str]]:
    """Policies and the roles they are for."""
    return {
        ObjectRef("policy", intern(schema), table, policy): frozenset(names[role] if role else PUBLIC for role in roles)
        for _, schema, table, policy, roles in look.once("policies")
        if not is_temporary(schema)
    }


def read_mappings(look: Look, names: Names) -> frozenset[ObjectRef]:
    """User mappings by server and role."""
    return frozenset(
        ObjectRef("user_mapping", "", server, names[role] if role else PUBLIC)
        for _, server, role in look.ask("user_mappings")
    )


def read_uses(look: Look) -> dict[ObjectRef, tuple[ObjectRef, ...]]:
    """The relations that the rules of a relation use with its owner's rights, sorted."""
    uses: defaultdict[ObjectRef, set[ObjectRef]] = defaultdict(set)
    for kind, schema, name, *used in look.ask("uses"):
        uses[ObjectRef(kind, schema, name)].add(ObjectRef(*used))
    return {user: tuple(sorted(used)) for user, used in uses.items()}
