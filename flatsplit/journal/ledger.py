"""The actions of steps, written in the transaction of the statements that they record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from flatsplit.connection import Session
from flatsplit.errors import JournalError
from flatsplit.journal.copying import array
from flatsplit.journal.records import ActionRecord, Direction, PasswordRecord, TallyRecord
from flatsplit.model import Change, Statement, alike

_PAGE = 2000

# One round trip for a whole transaction. Arrays are passed as text: the elements of an array of arrays have one length
_RECORD = """
WITH step AS (
    SELECT s.id, coalesce((SELECT max(ordinal) FROM flatsplit.action WHERE step_id = s.id), 0) AS last
    FROM flatsplit.step AS s JOIN flatsplit.cutover AS c ON c.id = s.cutover_id
    WHERE c.id = %(walk)s AND c.state = 'active' AND s.key = %(step)s
), action AS (
    INSERT INTO flatsplit.action (step_id, ordinal, direction, description, sql, undo, lock, note)
    SELECT step.id, step.last + a.place, %(direction)s, a.description, a.sql, a.undo, a.lock, a.note
    FROM step CROSS JOIN unnest(
        %(descriptions)s::text[], %(sqls)s::text[], %(undos)s::text[], %(locks)s::text[], %(notes)s::text[]
    ) WITH ORDINALITY AS a (description, sql, undo, lock, note, place)
    ORDER BY a.place
    RETURNING id, ordinal
), change AS (
    INSERT INTO flatsplit.change (action_id, side, fact, detail, subjects)
    SELECT action.id, c.side, c.fact, c.detail, c.subjects::text[]
    FROM step CROSS JOIN unnest(
        %(actions)s::bigint[], %(sides)s::text[], %(facts)s::text[], %(details)s::text[], %(subjects)s::text[]
    ) WITH ORDINALITY AS c (action, side, fact, detail, subjects, place)
    JOIN action ON action.ordinal = step.last + c.action
    ORDER BY c.place
)
SELECT id FROM action ORDER BY ordinal
"""

# Rolling back a step undoes everything that was done for it, by hand and as repair too
_UNDONE = """
UPDATE flatsplit.action SET undone_at = clock_timestamp()
WHERE undone_at IS NULL AND direction <> 'back' AND step_id = (
    SELECT s.id FROM flatsplit.step AS s JOIN flatsplit.cutover AS c ON c.id = s.cutover_id
    WHERE c.id = %s AND c.state = 'active' AND s.key = %s)
"""
_ACTIONS = """
SELECT a.id, s.key, a.ordinal, a.direction, a.description, a.sql, a.undo, a.lock, a.applied_at, a.undone_at, a.note,
       concat_ws(':', c.kind, nullif(c.subject, ''))
FROM flatsplit.action AS a
JOIN flatsplit.step AS s ON s.id = a.step_id JOIN flatsplit.cutover AS c ON c.id = s.cutover_id
WHERE a.id > %s AND (%s::text IS NULL OR s.key = %s) AND (%s::bigint IS NULL OR c.id = %s) ORDER BY a.id LIMIT %s
"""
# What was done for each step of a walk and not rolled back: statements, facts, first and last moment
_TALLIES = """
SELECT s.key, count(*),
       coalesce(sum((SELECT sum(cardinality(subjects)) FROM flatsplit.change WHERE action_id = a.id)), 0)::bigint,
       min(a.applied_at), max(a.applied_at)
FROM flatsplit.action AS a
JOIN flatsplit.step AS s ON s.id = a.step_id
WHERE s.cutover_id = %s AND a.undone_at IS NULL AND a.direction <> 'back' GROUP BY s.key
"""
# Statements that set a password and were not rolled back, with who ran them by the last event before. The first letters
# are compared on their own, since less of a long, compressed text has to be unpacked for that.
_PASSWORDS = """
SELECT a.sql, a.applied_at, concat_ws(':', c.kind, nullif(c.subject, '')),
       coalesce(e.db_user || CASE WHEN e.os_user IN ('', e.db_user) THEN '' ELSE ' (' || e.os_user || ')' END, '')
FROM flatsplit.action AS a
JOIN flatsplit.step AS s ON s.id = a.step_id JOIN flatsplit.cutover AS c ON c.id = s.cutover_id
LEFT JOIN LATERAL (
    SELECT db_user, os_user FROM flatsplit.event
    WHERE cutover_id = c.id AND step = s.key AND at <= a.applied_at ORDER BY id DESC LIMIT 1
) AS e ON true
WHERE left(a.sql, 11) = 'ALTER ROLE ' AND a.sql LIKE 'ALTER ROLE %%PASSWORD :''%%'
  AND a.undone_at IS NULL AND a.direction <> 'back' ORDER BY a.id
"""
_CHANGES = """
SELECT c.side, c.fact, s.subject, c.detail
FROM flatsplit.change AS c CROSS JOIN LATERAL unnest(c.subjects) WITH ORDINALITY AS s (subject, place)
WHERE c.action_id = %s ORDER BY c.ctid, s.place
"""


Entry: TypeAlias = Mapping[str, object]
"""Statements as they are written: the parameters of one round trip."""


def entry(statements: Sequence[Statement], notes: Sequence[str | None] = ()) -> Entry:
    """The record of statements. It takes some milliseconds for a thousand objects and needs no server, so it can be
    made while statements run.

    ``notes`` belong to the statements in their order; a shorter sequence leaves the rest without one.
    """
    changes = [(place, each) for place, one in enumerate(statements, start=1) for each in alike(one.changes)]
    return {
        "descriptions": array([one.description for one in statements]),
        "sqls": array([one.sql for one in statements]),
        "undos": array([one.undo for one in statements]),
        "locks": array([one.lock for one in statements]),
        "notes": list(notes),
        "actions": array([str(place) for place, _ in changes]),
        "sides": array([each.side for _, each in changes]),
        "facts": array([each.fact for _, each in changes]),
        "details": array([each.detail for _, each in changes]),
        "subjects": array([array(each.subjects) for _, each in changes]),
    }


def write(session: Session, walk: int | None, step: str, direction: Direction, what: Entry) -> list[int]:
    """Write one action for each statement, with its changes, equal ones in one row; returns the ids of the actions."""
    if not session.in_transaction:
        raise RuntimeError("write() outside a transaction would part a change from its record")
    values = {**what, "walk": walk, "step": step, "direction": direction}
    rows = session.driver.execute(_RECORD, values).fetchall()
    if not rows:
        raise JournalError(f"the journal has no step {step} in an active cutover", "run flatsplit status")
    return [id_ for (id_,) in rows]


def mark_undone(session: Session, walk: int | None, step: str) -> int:
    """Mark everything done for this step as undone; returns how many actions that were."""
    return session.driver.execute(_UNDONE, (walk, step)).rowcount


def actions(session: Session, step: str | None = None, walk: int | None = None) -> Iterator[ActionRecord]:
    """All actions (of one walk, of one step) in the order in which they ran, a page at a time."""
    last = 0
    while page := session.driver.execute(_ACTIONS, (last, step, step, walk, walk, _PAGE)).fetchall():
        yield from (ActionRecord(*row) for row in page)
        last = page[-1][0]


def changes(session: Session, action_id: int) -> list[Change]:
    """The facts that one action changed."""
    return [Change(*row) for row in session.driver.execute(_CHANGES, (action_id,))]


def passwords(session: Session) -> list[PasswordRecord]:
    """The statements of all walks that set a password, in the order in which they ran."""
    return [PasswordRecord(*row) for row in session.driver.execute(_PASSWORDS, ()).fetchall()]


def tallies(session: Session, walk: int | None) -> list[TallyRecord]:
    """How much was done for each step of a walk and was not rolled back."""
    return [TallyRecord(*row) for row in session.driver.execute(_TALLIES, (walk,))]
