"""What was first seen, kept row by row: only what differs is written, and what it replaces stays."""

from __future__ import annotations

from flatsplit.connection import Session
from flatsplit.errors import JournalError
from flatsplit.journal import codec
from flatsplit.model import State, Target

_MARK = "saved"
"""Section of the one row that tells an empty baseline from none."""

_CURRENT = """
SELECT b.id, b.section, b.key::text, b.payload::text
FROM flatsplit.baseline AS b JOIN flatsplit.cutover AS c ON c.id = b.cutover_id
WHERE c.state = 'active' AND b.superseded_at IS NULL
"""
_ACTIVE = "SELECT id FROM flatsplit.cutover WHERE state = 'active'"
_SUPERSEDE = "UPDATE flatsplit.baseline SET superseded_at = clock_timestamp() WHERE id = ANY (%s)"
_COPY = "COPY flatsplit.baseline (cutover_id, section, key, payload) FROM STDIN"


def load(session: Session, target: Target) -> State | None:
    """The baseline of the active cutover, or None before the first was saved."""
    rows = session.driver.execute(_CURRENT).fetchall()
    if not rows:
        return None
    return codec.decode(target, (codec.Row(*row[1:]) for row in rows))


def save(session: Session, state: State) -> int:
    """Make this the baseline of the active cutover; how many facts were new or different."""
    if not session.in_transaction:
        raise RuntimeError("save() outside a transaction could leave half a baseline")
    active = session.driver.execute(_ACTIVE).fetchone()
    if active is None:
        raise JournalError("there is no active cutover to keep a baseline for", "run flatsplit init")
    # jsonb gives texts back in a form of its own, so both sides are compared as values
    old: dict[tuple[str, str], tuple[int, str]] = {}
    for id_, section, key, payload in session.driver.execute(_CURRENT).fetchall():
        old[section, codec.canonical(key)] = (id_, codec.canonical(payload))
    first = not old
    new: list[codec.Row] = [codec.Row(_MARK, "[]", "{}")] if first else []
    old.pop((_MARK, "[]"), None)
    superseded: list[int] = []
    for row in codec.encode(state):
        had = old.pop((row.section, codec.canonical(row.key)), None)
        if had is not None:
            if had[1] == codec.canonical(row.payload):
                continue
            superseded.append(had[0])
        new.append(row)
    superseded += [id_ for id_, _ in old.values()]
    if superseded:
        session.driver.execute(_SUPERSEDE, (superseded,))
    if new:
        with session.driver.cursor() as cursor, cursor.copy(_COPY) as copy:
            for row in new:
                copy.write_row((active[0], *row))
    return len(new) - first
