"""Privileges that owners of the application's objects do not have on them any more. Pure.

An owner may take them from itself, by REVOKE ALL … FROM the owner. It can give them back at any time, and alters and
drops the object without them. But what runs with its rights is refused: a view, the check of a foreign key, pg_dump.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flatsplit import blueprint, ddl, privileges
from flatsplit.model import JOURNAL_SCHEMA, OWNER, PUBLIC, ObjectFacts, ObjectRef, State
from flatsplit.walks.split.context import Context

HAZARD = "owner-rights"
"""The id under which doctor tells it; accepted there, it is told nowhere."""


class Back(NamedTuple):
    """A statement that gives an owner rights back, and the objects that it is about."""

    sql: str
    refs: tuple[ObjectRef, ...]


def given_back(state: State, context: Context, *, first: bool = False) -> list[Back]:
    """Statements by which app_migrator has all rights again on what it owns of the application's.

    Schemas come first: without USAGE nothing in them is found. With ``first`` also those that the old role, as a
    superuser, did not need: app_migrator has not, or is not going to have them.
    """
    alike: dict[tuple[bool, str, str, str, str], list[ObjectRef]] = {}
    for ref, letters, owner in _lacking(state, context, first=first):
        key = (ref.kind != "schema", ddl.grant_word(ref.kind), ref.schema, letters, owner)
        alike.setdefault(key, []).append(ref)
    return [
        Back(ddl.grant(refs, letters, owner), tuple(refs))
        for (_, _, _, letters, owner), found in sorted(alike.items())
        for refs in ddl.printed_parts(found)
    ]


def _lacking(state: State, context: Context, *, first: bool) -> Iterator[tuple[ObjectRef, str, str]]:
    legacy = context.baseline.roles.get(context.legacy)
    superuser = first and legacy is not None and legacy.superuser
    owners = {blueprint.owner(context.config), *(context.retiring if superuser else ())}
    for group in state.groups:
        facts = group.facts
        if facts.owner not in owners or facts.extension or facts.note == "system":
            continue
        every = privileges.owner_letters(group.kind, state.target.major)
        less = privileges.minus(every, privileges.letters(facts.acl, OWNER) + privileges.letters(facts.acl, PUBLIC))
        for ref in group.refs if less else ():
            known = None if superuser else context.baseline.objects.get(ref)
            if letters := privileges.within(less, _had(known, context, every)) if _ours(ref) else "":
                yield ref, letters, facts.owner


def _had(known: ObjectFacts | None, context: Context, every: str) -> str:
    """What the owner had when the object was first seen: everything, unless the baseline says otherwise."""
    return every if known is None or known.owner not in context.owners else privileges.letters(known.acl, OWNER)


def _ours(ref: ObjectRef) -> bool:
    return JOURNAL_SCHEMA not in (ref.schema, ref.name if ref.kind == "schema" else "")
