"""What a role needs to be given an object by somebody who is no superuser, and to change objects in a schema. Pure.

By kind, as the server checks it: TABLES and other objects in a schema, CREATE on it (ATExecChangeOwner() in
tablecmds.c, AlterTypeOwner(), AlterObjectOwner_internal() in alter.c); a publication, CREATE on the database
(AlterPublicationOwner_internal()); a server, USAGE on its wrapper (AlterForeignServerOwner_internal()). For schemas,
databases and subscriptions it checks the present owner, and for event triggers and wrappers whether the new owner is a
superuser.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from flatsplit.model import ObjectFacts, ObjectRef, State, Statement
from flatsplit.rights.inherited import Inherited

SYSTEM_SCHEMAS = {"pg_catalog", "information_schema"}
"""The server's own schemas, which are in no State and where no role but a superuser may create anything."""


class Needed(NamedTuple):
    """A privilege that a role lacks, and where."""

    role: str
    letter: str
    on: ObjectRef


def needed(ref: ObjectRef, role: str, database: str, wrappers: Mapping[str, str]) -> Needed | None:
    """What the server requires of the new owner of an object; None for nothing. ``wrappers``: those of servers, by
    name.
    """
    if ref.schema:
        return Needed(role, "C", ObjectRef("schema", "", ref.schema))
    if ref.kind == "publication":
        return Needed(role, "C", ObjectRef("database", "", database))
    if ref.kind == "server" and ref.name in wrappers:
        return Needed(role, "U", ObjectRef("foreign_data_wrapper", "", wrappers[ref.name]))
    return None


def unused(state: State, statement: Statement) -> Iterator[Needed]:
    """USAGE on the schemas of the objects in a statement, where neither the operator nor the roles it acts as have it:
    without it nothing is found there by name (LookupExplicitNamespace(), namespace.c).
    """
    for name in sorted({ref.schema for ref in statement.objects if ref.schema}):
        schema = ObjectRef("schema", "", name)
        facts = state.objects.get(schema)
        roles = [role for role in (*statement.acts, state.target.operator) if role in state.roles]
        if facts is None or not statement.acts or any(_uses(state, role, facts) for role in roles):
            continue
        yield Needed(statement.acts[0], "U", schema)


def _uses(state: State, role: str, schema: ObjectFacts) -> bool:
    mine = Inherited(state, role)
    return mine.superuser or mine.has(schema, "U")


def lacking(
    state: State, moves: Iterable[tuple[ObjectRef, str]], wrappers: Mapping[str, str]
) -> dict[Needed, list[ObjectRef]]:
    """What new owners lack, each with the objects that wait for it."""
    found: dict[Needed, list[ObjectRef]] = {}
    has: dict[Needed, bool] = {}
    rights: dict[str, Inherited] = {}
    for ref, role in moves:
        wants = needed(ref, role, state.target.database, wrappers)
        if wants is None or wants.on not in state.objects:
            continue
        if wants not in has:
            mine = rights.setdefault(role, Inherited(state, role))
            has[wants] = mine.superuser or mine.has(state.objects[wants.on], wants.letter)
        if not has[wants]:
            found.setdefault(wants, []).append(ref)
    return found
