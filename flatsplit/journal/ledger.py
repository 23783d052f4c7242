"""The actions of steps: written next to the statements that they record, at the speed of COPY."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flatsplit.connection import Session
from flatsplit.errors import JournalError
from flatsplit.journal.copying import array, copy_lines, escape, line
from flatsplit.journal.records import ActionRecord, Direction, TallyRecord
from flatsplit.model import Change, Statement, alike

_PAGE = 2000

# The active cutover's step, the last ordinal that it has used, and as many new ids as there are statements
_PREPARE = """
SELECT s.id, coalesce((SELECT max(ordinal) FROM flatsplit.action WHERE step_id = s.id), 0),
       ARRAY(SELECT nextval('flatsplit.action_id_seq') FROM generate_series(1, %s))
FROM flatsplit.step AS s JOIN flatsplit.cutover AS c ON c.id = s.cutover_id
WHERE c.state = 'active' AND s.key = %s
"""
_COPY_ACTIONS = """
COPY flatsplit.action (id, step_id, ordinal, direction, description, sql, undo, lock, note) FROM STDIN
"""
_COPY_CHANGES = "COPY flatsplit.change (action_id, side, fact, detail, subjects) FROM STDIN"

# Rolling back a step takes everything back that was done for it, by hand and as repair too
_UNDONE = """
UPDATE flatsplit.action SET undone_at = clock_timestamp()
WHERE undone_at IS NULL AND direction <> 'back' AND step_id = (
    SELECT s.id FROM flatsplit.step AS s JOIN flatsplit.cutover AS c ON c.id = s.cutover_id
    WHERE c.state = 'active' AND s.key = %s)
"""
_ACTIONS = """
SELECT a.id, s.key, a.ordinal, a.direction, a.description, a.sql, a.undo, a.lock, a.applied_at, a.undone_at, a.note
FROM flatsplit.action AS a JOIN flatsplit.step AS s ON s.id = a.step_id
WHERE a.id > %s AND (%s::text IS NULL OR s.key = %s) ORDER BY a.id LIMIT %s
"""
# What stands of each step of the active cutover: statements, facts, first and last moment
_TALLIES = """
SELECT s.key, count(*),
       coalesce(sum((SELECT sum(cardinality(subjects)) FROM flatsplit.change WHERE action_id = a.id)), 0)::bigint,
       min(a.applied_at), max(a.applied_at)
FROM flatsplit.action AS a
JOIN flatsplit.step AS s ON s.id = a.step_id JOIN flatsplit.cutover AS c ON c.id = s.cutover_id
WHERE c.state = 'active' AND a.undone_at IS NULL AND a.direction <> 'back' GROUP BY s.key
"""
_CHANGES = """
SELECT c.side, c.fact, s.subject, c.detail
FROM flatsplit.change AS c CROSS JOIN LATERAL unnest(c.subjects) WITH ORDINALITY AS s (subject, place)
WHERE c.action_id = %s ORDER BY c.ctid, s.place
"""


def record(
    session: Session, step: str, direction: Direction, statements: Sequence[Statement], notes: Sequence[str | None] = ()
) -> list[int]:
    """Write one action per statement and its changes, those that are alike in one row; the ids of the actions.

    ``notes`` belong to the statements in order; a shorter sequence leaves the rest without one.
    """
    if not session.in_transaction:
        raise RuntimeError("record() outside a transaction would part a change from its record")
    if not statements:
        return []
    row = session.driver.execute(_PREPARE, (len(statements), step)).fetchone()
    if row is None:
        raise JournalError(f"the journal has no step {step} in an active cutover", "run flatsplit status")
    step_id, ordinal, ids = row
    remarks = [*notes, *[None] * (len(statements) - len(notes))]
    actions = [
        line(
            f"{id_}\t{step_id}\t{number}\t{direction}",
            (statement.description, statement.sql, statement.undo, statement.lock),
        )
        + ("\t\\N" if note is None else "\t" + escape(note))
        for id_, number, statement, note in zip(ids, range(ordinal + 1, 2**31), statements, remarks, strict=False)
    ]
    copy_lines(session, _COPY_ACTIONS, actions)
    changes = [
        line(f"{id_}\t{change.side}", (change.fact, change.detail, array(change.subjects)))
        for id_, statement in zip(ids, statements, strict=True)
        for change in alike(statement.changes)
    ]
    copy_lines(session, _COPY_CHANGES, changes)
    return list(ids)


def mark_undone(session: Session, step: str) -> int:
    """Note that everything done for this step has been taken back; how many actions that were."""
    return session.driver.execute(_UNDONE, (step,)).rowcount


def actions(session: Session, step: str | None = None) -> Iterator[ActionRecord]:
    """All actions in the order in which they ran, a page at a time."""
    last = 0
    while page := session.driver.execute(_ACTIONS, (last, step, step, _PAGE)).fetchall():
        yield from (ActionRecord(*row) for row in page)
        last = page[-1][0]


def changes(session: Session, action_id: int) -> list[Change]:
    """The facts that one action changed."""
    return [Change(*row) for row in session.driver.execute(_CHANGES, (action_id,))]


def tallies(session: Session) -> list[TallyRecord]:
    """How much was done for each step and has not been taken back."""
    return [TallyRecord(*row) for row in session.driver.execute(_TALLIES)]
