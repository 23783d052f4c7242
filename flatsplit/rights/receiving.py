"""What a role needs to be given an object by anybody but a superuser. Pure.

By kind, as the server asks: TABLES and what else is in a schema, CREATE there (ATExecChangeOwner() in tablecmds.c,
AlterTypeOwner(), AlterObjectOwner_internal() in alter.c); a publication, CREATE on the database
(AlterPublicationOwner_internal()); a server, USAGE on its wrapper (AlterForeignServerOwner_internal()). For schemas,
databases and subscriptions it asks who gives them away, and for event triggers and wrappers whether the new owner is a
superuser.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from flatsplit.model import ObjectRef, State
from flatsplit.rights.inherited import Inherited


class Needed(NamedTuple):
    """A privilege that a role lacks, and where."""

    role: str
    letter: str
    on: ObjectRef


def needed(ref: ObjectRef, role: str, database: str, wrappers: Mapping[str, str]) -> Needed | None:
    """What the server asks of the new owner of an object; ``wrappers`` are those of servers, by name."""
    if ref.schema:
        return Needed(role, "C", ObjectRef("schema", "", ref.schema))
    if ref.kind == "publication":
        return Needed(role, "C", ObjectRef("database", "", database))
    if ref.kind == "server" and ref.name in wrappers:
        return Needed(role, "U", ObjectRef("foreign_data_wrapper", "", wrappers[ref.name]))
    return None


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
