"""What is remembered of a database when a step ends. Pure, but for one question."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import psycopg

from flatsplit import __version__
from flatsplit.model import JOURNAL_SCHEMA, Kind, ObjectFacts, ObjectRef, RoleFacts, State, Target
from flatsplit.server.asking import ask

_ATTRIBUTES = tuple(name for name in RoleFacts._fields if name not in ("elsewhere", "expired", "password", "comment"))


_PART = "+"
"""Before the kind of what is a part of another object and follows it, such as the sequence of a serial column."""


_LAST: dict[str, tuple[Any, dict[str, Any]]] = {}
"""The objects written last, with the groups that they were written from: a walk asks for the same ones many times, and
sorting ten thousand names takes as long as granting a hundred.
"""


def remembers(ref: ObjectRef, facts: ObjectFacts) -> bool:
    """Whether an object counts: not the system's, an extension's or flatsplit's."""
    return not (
        facts.note == "system"
        or facts.extension
        or ref.kind == "large_object"
        or JOURNAL_SCHEMA in (ref.schema, ref.name if ref.kind == "schema" else "")
    )


def objects(state: State, undecided: Mapping[ObjectRef, str] | None = None) -> dict[str, Any]:
    """Names by owner, kind and schema, sorted; a name with arguments is a pair.

    ``undecided``: these are remembered as they were before somebody did what people have to decide about, with the
    owner of then, or "" for what was not there.
    """
    if undecided:
        return _objects(state, undecided)
    groups, found = _LAST.get("objects", (None, {}))
    if groups is not state.groups:  # a step that changes roles alone goes on with the same ones
        found = _objects(state, {})
        _LAST["objects"] = (state.groups, found)
    return found


def _objects(state: State, other: Mapping[ObjectRef, str]) -> dict[str, Any]:
    found: dict[str, dict[str, dict[str, list[Any]]]] = {}
    for group in state.groups:
        if not remembers(group.refs[0], group.facts):
            continue
        kind = f"{_PART}{group.kind}" if group.facts.follows else group.kind
        refs = list(group.refs)
        if other and not other.keys().isdisjoint(refs):
            for ref in refs:
                if former := other.get(ref):
                    found.setdefault(former, {}).setdefault(kind, {}).setdefault(group.schema, []).append(_written(ref))
            refs = [ref for ref in refs if ref not in other]
        if refs:
            names = found.setdefault(group.facts.owner, {}).setdefault(kind, {}).setdefault(group.schema, [])
            names += map(_written, refs)
    for kinds in found.values():
        for schemas in kinds.values():
            for names in schemas.values():
                names.sort(key=_sortable)
    return found


def _written(ref: ObjectRef) -> str | list[str]:
    return [ref.name, ref.args] if ref.args else ref.name


def _sortable(name: str | list[str]) -> str:
    return name if isinstance(name, str) else "\0".join(name)


@dataclass(frozen=True, slots=True)
class ObjectChanges:
    """Objects that are there and were not, were and are not, or changed hands; owners as of the later moment known."""

    appeared: Mapping[ObjectRef, str]
    vanished: Mapping[ObjectRef, str]
    moved: Mapping[ObjectRef, tuple[str, str]]
    """Owner before and now."""


def difference(before: Mapping[str, Any], live: State) -> ObjectChanges:
    """What changed since; as good as free where nothing did."""
    old: dict[ObjectRef, str] = {}
    new: dict[ObjectRef, str] = {}
    now = objects(live)
    for owner in {*before, *now}:
        kinds = before.get(owner, {}), now.get(owner, {})
        for marked in {*kinds[0], *kinds[1]}:
            schemas = kinds[0].get(marked, {}), kinds[1].get(marked, {})
            for schema in {*schemas[0], *schemas[1]}:
                names = schemas[0].get(schema, []), schemas[1].get(schema, [])
                if names[0] != names[1]:
                    kind = cast(Kind, marked.removeprefix(_PART))
                    here, there = ({_pair(name) for name in some} for some in names)
                    old.update((ObjectRef(kind, schema, *pair), owner) for pair in here - there)
                    new.update((ObjectRef(kind, schema, *pair), owner) for pair in there - here)
    return ObjectChanges(
        appeared={ref: owner for ref, owner in new.items() if ref not in old},
        vanished={ref: owner for ref, owner in old.items() if ref not in new},
        moved={ref: (old[ref], owner) for ref, owner in new.items() if old.get(ref, owner) != owner},
    )


def _pair(name: str | list[str]) -> tuple[str, str]:
    return (name, "") if isinstance(name, str) else (name[0], name[1])


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


def numbers(conn: psycopg.Connection[Any], state: State) -> dict[str, Any]:
    """The oids of roles, which a rename does not change, and the cluster in which they mean that."""
    return {"oids": oids(conn), "cluster": cluster(state.target)}


def oids(conn: psycopg.Connection[Any]) -> dict[str, int]:
    """Of all roles but the predefined ones."""
    return dict(ask(conn, "role_numbers"))


def cluster(target: Target) -> str:
    """What tells one cluster from another: its identifier or, where that may not be read, the database's oid."""
    return target.system_identifier or str(target.database_oid)


def server(conn: psycopg.Connection[Any]) -> dict[str, Any]:
    """Which server it was, and which flatsplit."""
    started, timeline, version = ask(conn, "server")[0]
    moment: datetime = started
    return {"started": moment.isoformat(), "timeline": timeline, "version": version, "flatsplit": __version__}
