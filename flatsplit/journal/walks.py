"""The walks of this database and their steps: rows of cutover and step, updated only from an expected state.

A kept walk is active, whether it is under way or complete. What is read before an upgrade is read without columns that
an older tracking schema does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from flatsplit import __version__
from flatsplit.connection import Session
from flatsplit.errors import JournalError
from flatsplit.journal import rows
from flatsplit.journal.records import CutoverRecord, CutoverState
from flatsplit.model import StepRecord, StepState, Target, WalkName
from flatsplit.planning import machine

_CUTOVERS = rows.select("cutover", CutoverRecord._fields, "ORDER BY id")
_STEPS = rows.select("step", StepRecord.__slots__, "WHERE cutover_id = %s ORDER BY ordinal")
_CREATE = """
INSERT INTO flatsplit.cutover
    (name, legacy_role, legacy_oid, config, kind, subject, database_oid, system_identifier, tool_version)
VALUES (%(name)s, %(legacy_role)s, %(legacy_oid)s, %(config)s, %(kind)s, %(subject)s, %(database_oid)s,
        %(system_identifier)s, %(tool_version)s)
RETURNING id
"""
_END = """
UPDATE flatsplit.cutover SET state = %s, finished_at = clock_timestamp() WHERE id = %s AND state = 'active'
"""
# started_at is set when work on it begins, not when it goes on
_TRANSITION = """
UPDATE flatsplit.step
SET state = %(new)s,
    finished_at = CASE WHEN %(ended)s THEN clock_timestamp() END,
    started_at = CASE WHEN %(new)s = 'pending' THEN NULL
                      WHEN NOT %(ended)s AND state = ANY (%(resting)s) THEN clock_timestamp() ELSE started_at END,
    digest = CASE WHEN %(digest)s::text IS NULL THEN digest ELSE nullif(%(digest)s, '') END,
    by_hand = coalesce(%(by_hand)s, by_hand)
WHERE cutover_id = (SELECT id FROM flatsplit.cutover WHERE id = %(walk)s AND state = 'active')
  AND key = %(key)s AND state = ANY (%(expected)s)
RETURNING key, ordinal, state, started_at, finished_at, digest, by_hand
"""
_LOOK_AGAIN = "run flatsplit status to see where it stands, then the command again"


def kept(session: Session) -> list[CutoverRecord]:
    """The active walks, in the order in which they began. JournalError where a column is missing that every release
    has had.
    """
    with session.driver.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute("SELECT * FROM flatsplit.cutover WHERE state = 'active' ORDER BY id").fetchall()
    for name in CutoverRecord._fields if found else ():
        if name not in found[0] and name not in CutoverRecord._field_defaults:
            raise rows.damaged(f"column {name} of cutover is missing")
    return [CutoverRecord(**{name: row[name] for name in CutoverRecord._fields if name in row}) for row in found]


def every(session: Session) -> list[CutoverRecord]:
    """All walks that there have been, oldest first."""
    return [CutoverRecord(*row) for row in rows.ask(session, _CUTOVERS)]


def create(session: Session, target: Target, walk: WalkName, values: dict[str, Any], keys: Sequence[str]) -> int:
    """Begin a walk with all its steps pending; returns its id. JournalError where one of this name is active."""
    row = {
        **values,
        "kind": walk.kind,
        "subject": walk.subject,
        "database_oid": target.database_oid,
        "system_identifier": target.system_identifier,
        "tool_version": __version__,
    }
    try:
        number: int = rows.ask(session, _CREATE, row).fetchone()[0]
    except psycopg.IntegrityError:
        raise _another(walk) from None
    places = [{"cutover_id": number, "ordinal": place, "key": key} for place, key in enumerate(keys, start=1)]
    rows.add(session, "step", places)
    return number


def _another(walk: WalkName) -> JournalError:
    what = "a cutover of this database" if walk.kind == "split" else f"{walk.words} of this database"
    return JournalError(f"{what} is under way already", "run flatsplit status")


def end(session: Session, number: int, state: CutoverState) -> None:
    """Give an active walk the state that it ends in; JournalError where it is active no more."""
    if rows.ask(session, _END, [state, number]).rowcount != 1:
        raise JournalError("the cutover is not active any more: changed by another flatsplit", _LOOK_AGAIN)


def update(session: Session, number: int, **values: object) -> None:
    """Update a walk."""
    rows.change(session, "cutover", number, values)


def steps(session: Session, number: int | None) -> list[StepRecord]:
    """The steps of a walk in the order in which its own rows have them."""
    return [StepRecord(*row) for row in rows.ask(session, _STEPS, [number])]


def add_step(session: Session, number: int | None, key: str, ordinal: int) -> None:
    """Add a pending step; JournalError where another one has its place meanwhile."""
    try:
        rows.add(session, "step", [{"cutover_id": number, "ordinal": ordinal, "key": key}])
    except psycopg.IntegrityError:
        raise JournalError(f"step {key} was added by another flatsplit", _LOOK_AGAIN) from None


def transition(
    session: Session,
    number: int | None,
    key: str,
    expected: Sequence[StepState],
    new: StepState,
    *,
    digest: str | None,
    by_hand: bool | None,
) -> StepRecord:
    """Change the state of a step of an active walk; JournalError where it is not in an expected one."""
    values = {
        "walk": number,
        "key": key,
        "expected": list(expected),
        "new": new,
        "ended": new in machine.ENDED,
        "resting": list(machine.RESTING),
        "digest": digest,
        "by_hand": by_hand,
    }
    moved = rows.ask(session, _TRANSITION, values).fetchall()
    if len(moved) != 1:
        state = next((s.state for s in steps(session, number) if s.key == key), "not there")
        raise JournalError(
            f"step {key} is {state}, not {' or '.join(expected)}: changed by another flatsplit", _LOOK_AGAIN
        )
    return StepRecord(*moved[0])
