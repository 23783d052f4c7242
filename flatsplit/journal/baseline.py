"""The baseline: what was first seen. Only rows that differ are written, and those that they replace are kept."""

from __future__ import annotations

from typing import Any

from flatsplit.connection import Session
from flatsplit.errors import JournalError
from flatsplit.journal import codec
from flatsplit.journal.copying import copy_lines, line
from flatsplit.model import State, Target

_MARK = codec.FactRow("saved", "[]", "{}")
"""The row that distinguishes an empty baseline from a missing one."""

_KEPT = "baseline"
"""The first part of the key under which a session keeps a baseline that it has read."""

_FROM_CURRENT = """
FROM flatsplit.baseline AS b WHERE b.cutover_id = %s AND b.superseded_at IS NULL
"""
_ROWS = "SELECT b.id, b.section, b.key::text, b.payload::text" + _FROM_CURRENT
# Thousands of objects share a value, so it is sent and read once; grouping by text is the fastest
_GROUPS = (
    "SELECT b.section, '[' || string_agg(b.key::text, ',') || ']', b.payload::text" + _FROM_CURRENT + "GROUP BY 1, 3"
)
_SUPERSEDE = "UPDATE flatsplit.baseline SET superseded_at = clock_timestamp() WHERE id = ANY (%s)"
_COPY = "COPY flatsplit.baseline (cutover_id, section, key, payload) FROM STDIN"


def load(session: Session, walk: int | None, target: Target) -> State | None:
    """The baseline of a walk, or None before the first was saved.

    It is read once while the session holds the one-operator lock, unless a transaction is open: that may roll back.
    """
    known = None if session.in_transaction else session.read_alone
    if known is not None and (_KEPT, walk) in known:
        found: State = known[_KEPT, walk]
        return found if found.target == target else found.but(target=target)
    groups = session.driver.execute(_GROUPS, (walk,)).fetchall()
    if not groups:
        return None
    state = codec.decode(target, map(codec.KeyGroup._make, groups))
    if known is not None:
        known[_KEPT, walk] = state
    return state


def save(session: Session, walk: int | None, state: State) -> int:
    """Make this the baseline of a walk; returns how many facts were new or different."""
    if not session.in_transaction:
        raise RuntimeError("save() outside a transaction could leave half a baseline")
    if walk is None:
        raise JournalError("there is no active cutover to keep a baseline for", "run flatsplit init")
    if session.read_alone is not None:
        session.read_alone.pop((_KEPT, walk), None)
    marked, old = _current(session, walk)
    new: list[tuple[str, Any, Any]] = []
    superseded: list[int] = []
    for section, key, value in codec.facts(state):
        had = old.pop((section, key), None)
        if had is not None:
            if had[1] == value:
                continue
            superseded.append(had[0])
        new.append((section, key, value))
    superseded += [id_ for id_, _ in old.values()]
    if superseded:
        session.driver.execute(_SUPERSEDE, (superseded,))
    rows = [*([] if marked else [_MARK]), *codec.encode(new)]
    copy_lines(session, _COPY, [line(str(walk), row) for row in rows])
    return len(new)


def _current(session: Session, walk: int) -> tuple[bool, dict[tuple[str, Any], tuple[int, Any]]]:
    """Whether there is a baseline, and its facts with the ids of their rows."""
    reader = codec.Reader()
    facts: dict[tuple[str, Any], tuple[int, Any]] = {}
    marked = False
    for id_, section, key, payload in session.driver.execute(_ROWS, (walk,)):
        marked = marked or section == _MARK.section
        fact = reader.fact(codec.FactRow(section, key, payload))
        if fact is not None:
            facts[section, fact[0]] = (id_, fact[1])
    return marked, facts
