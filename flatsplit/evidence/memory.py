"""What is remembered of a database when a step ends. Pure, but for one question."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

import psycopg

from flatsplit import __version__
from flatsplit.evidence.asking import ask
from flatsplit.model import Kind, ObjectFacts, ObjectRef, RoleFacts, State
from flatsplit.steps.context import JOURNAL_SCHEMA

_ATTRIBUTES = tuple(name for name in RoleFacts._fields if name not in ("elsewhere", "expired", "password"))


_PART = "+"
"""Before the kind of what is a part of another object and follows it, such as the sequence of a serial column."""


def remembers(ref: ObjectRef, facts: ObjectFacts) -> bool:
    """Whether an object counts: not the system's, an extension's or flatsplit's."""
    return not (
        facts.note == "system"
        or facts.extension
        or ref.kind == "large_object"
        or JOURNAL_SCHEMA in (ref.schema, ref.name if ref.kind == "schema" else "")
    )


def objects(state: State) -> dict[str, Any]:
    """Names by owner, kind and schema."""
    found: dict[str, dict[str, dict[str, list[Any]]]] = {}
    for ref, facts in state.objects.items():
        if remembers(ref, facts):
            kind = f"{_PART}{ref.kind}" if facts.follows else ref.kind
            names = found.setdefault(facts.owner, {}).setdefault(kind, {}).setdefault(ref.schema, [])
            names.append([ref.name, ref.args] if ref.args else ref.name)
    return found


def owners(memory: Mapping[str, Any], *, parts: bool = True) -> dict[ObjectRef, str]:
    """The owner of each object that is remembered, with or without parts of others."""
    return dict(_unpack(memory, parts=parts))


def _unpack(memory: Mapping[str, Any], *, parts: bool) -> Iterator[tuple[ObjectRef, str]]:
    for owner, kinds in memory.items():
        for marked, schemas in kinds.items():
            kind = marked.removeprefix(_PART)
            if kind != marked and not parts:
                continue
            for schema, names in schemas.items():
                for name in names:
                    called = (name, "") if isinstance(name, str) else name
                    yield ObjectRef(cast(Kind, kind), schema, *called), owner


def roles(state: State) -> dict[str, Any]:
    """Attributes, memberships, and settings without their values, which may be secrets."""
    return {
        "roles": {
            name: {key: getattr(facts, key) for key in _ATTRIBUTES}
            for name, facts in sorted(state.roles.items())
            if not name.startswith("pg_")
        },
        "members": sorted([key.role, key.member, *map(bool, options)] for key, options in state.members.items()),
        "settings": sorted(
            [key.role, key.database, name, hashlib.sha256(value.encode()).hexdigest()[:16]]
            for key, values in state.settings.items()
            for name, value in values
        ),
    }


def server(conn: psycopg.Connection[Any]) -> dict[str, Any]:
    """Which server it was, and which flatsplit."""
    started, timeline, version = ask(conn, "server")[0]
    moment: datetime = started
    return {"started": moment.isoformat(), "timeline": timeline, "version": version, "flatsplit": __version__}
