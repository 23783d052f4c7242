"""Summarises thousands of statements: by what they do, to what, and under which lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flatsplit import ddl
from flatsplit.model import Backend, ObjectRef, Statement, alike

# The manual's table-level locks from strongest to weakest, in the order in which a text is searched for them
_LOCKS = (
    "ACCESS EXCLUSIVE",
    "SHARE ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ROW SHARE",
    "ACCESS SHARE",
    "SHARE",
)
_RANK = {
    name: rank
    for rank, name in enumerate(
        (
            "ACCESS SHARE",
            "ROW SHARE",
            "ROW EXCLUSIVE",
            "SHARE UPDATE EXCLUSIVE",
            "SHARE",
            "SHARE ROW EXCLUSIVE",
            "EXCLUSIVE",
            "ACCESS EXCLUSIVE",
        ),
        start=2,
    )
}
_WORDS = {
    "owner": ("change the owner of", "change the owner of"),
    "privilege": ("grant privileges on", "revoke privileges on"),
    "column_privilege": ("grant privileges on columns of", "revoke privileges on columns of"),
    "default_privilege": ("set default privileges", "take back default privileges"),
    "member": ("grant memberships", "revoke memberships"),
    "role": ("create roles", "drop roles"),
    "attribute": ("change role attributes", "change role attributes"),
    "setting": ("change role settings", "take back role settings"),
    "comment": ("say whose roles are", "take back whose roles are"),
    "policy": ("change policies on", "change policies on"),
    "user_mapping": ("create user mappings on", "drop user mappings on"),
}
_WITH_OBJECTS = ("owner", "privilege", "column_privilege", "policy", "user_mapping")


@dataclass(slots=True)
class LikeStatements:
    """Statements that do the same to the same kind of object."""

    what: str
    lock: str
    example: str
    statements: int = 0
    objects: set[ObjectRef] = field(default_factory=set)


def groups(statements: Iterable[Statement]) -> list[LikeStatements]:
    """The groups, in the order of their first statements."""
    found: dict[tuple[str, str], LikeStatements] = {}
    for statement in statements:
        key = (_what(statement), statement.lock)
        group = found.get(key)
        if group is None:
            group = found[key] = LikeStatements(*key, example=statement.description)
        group.statements += 1
        group.objects.update(statement.objects)
    return list(found.values())


def _what(statement: Statement) -> str:
    kinds = sorted({reference.kind for reference in statement.objects})
    things = ", ".join(ddl.plural(kind) for kind in kinds)
    changes = list(alike(statement.changes))
    facts = {change.fact for change in changes}
    if "role" in facts:  # CREATE ROLE also sets attributes
        facts = {"role"}
    if "pg_terminate_backend" in statement.sql:
        return "end sessions"
    if len(facts) != 1:
        # Several facts, or none: the statement's own verb is the best word
        return f"{statement.sql.split(None, 1)[0].upper() if statement.sql.split() else ''} {things}".strip()
    (fact,) = facts
    gives, takes = _WORDS.get(fact, (f"add {fact}", f"remove {fact}"))
    words = gives if any(change.side == "+" for change in changes) else takes
    if things and fact in _WITH_OBJECTS:
        return f"{words} {things}"
    return words.removesuffix(" of").removesuffix(" on")


def strongest_lock(statements: Iterable[Statement]) -> str:
    """The strongest lock among them, in the words of the statement; "" for none."""
    best, best_rank = "", 0
    for lock in sorted({statement.lock for statement in statements}):
        if (rank := lock_rank(lock)) > best_rank:
            best, best_rank = lock, rank
    return best


def picked(statements: Sequence[Statement], limit: int) -> list[Statement]:
    """All statements where they are few, otherwise the first of every sort, as many of each as there is room for."""
    if len(statements) <= limit:
        return list(statements)
    sorts: dict[tuple[str, str], list[int]] = {}
    for place, statement in enumerate(statements):
        sorts.setdefault((_what(statement), statement.lock), []).append(place)
    each = max(1, limit // len(sorts))
    places = sorted(place for found in sorts.values() for place in found[:each])
    return [statements[place] for place in places[:limit]]


def lock_rank(lock: str) -> int:
    """0 for none, higher for stronger."""
    if not lock:
        return 0
    upper = lock.upper()
    return next((_RANK[name] for name in _LOCKS if name in upper), 1)


def blocks_readers(statement: Statement) -> bool:
    """Whether the application's SELECTs wait behind it."""
    return "ACCESS EXCLUSIVE" in statement.lock.upper()


@dataclass(frozen=True, slots=True)
class LikeConnections:
    """Connections that look the same."""

    role: str
    database: str
    client: str
    application: str
    count: int


def clients(sessions: Sequence[Backend]) -> list[LikeConnections]:
    """The connected clients, without details that change from second to second."""
    counts: dict[tuple[str, str, str, str], int] = {}
    for session in sessions:
        key = (session.role, session.database, session.client, session.application)
        counts[key] = counts.get(key, 0) + 1
    return [LikeConnections(*key, count) for key, count in sorted(counts.items())]
