"""The walks of this database and their steps: rows of cutover and step, moved on only from where they are known to be.

A walk that is kept is active, whether it is under way or all its steps are done. What is read before an upgrade is
read without the columns that an older tracking schema has not got.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from psycopg.rows import dict_row
from sqlalchemy.exc import IntegrityError

from flatsplit import __version__
from flatsplit.connection import Session
from flatsplit.errors import JournalError
from flatsplit.journal.records import CutoverRecord, CutoverState
from flatsplit.journal.tables import NOW, cutover, step
from flatsplit.model import StepRecord, StepState, Target, WalkName
from flatsplit.planning import machine

_CUTOVER = [cutover.c[name] for name in CutoverRecord.__slots__]
_STEP = [step.c[name] for name in StepRecord.__slots__]
_LOOK_AGAIN = "run flatsplit status to see where it stands, then the command again"


def kept(session: Session) -> list[CutoverRecord]:
    """Those that are active, in the order in which they began."""
    with session.driver.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute("SELECT * FROM flatsplit.cutover WHERE state = 'active' ORDER BY id").fetchall()
    return [CutoverRecord(**{name: row[name] for name in CutoverRecord.__slots__ if name in row}) for row in rows]


def every(session: Session) -> list[CutoverRecord]:
    """All that there ever were, oldest first."""
    return [CutoverRecord(*row) for row in session.sa.execute(sa.select(*_CUTOVER).order_by(cutover.c.id))]


def create(session: Session, target: Target, walk: WalkName, values: dict[str, Any], keys: Sequence[str]) -> int:
    """Begin a walk with all its steps pending; its id. JournalError where one of this name is active."""
    row = {
        **values,
        "kind": walk.kind,
        "subject": walk.subject,
        "database_oid": target.database_oid,
        "system_identifier": target.system_identifier,
        "tool_version": __version__,
    }
    try:
        number: int = session.sa.execute(cutover.insert().returning(cutover.c.id), row).scalar_one()
    except IntegrityError:
        raise _another(walk) from None
    places = [{"cutover_id": number, "ordinal": place, "key": key} for place, key in enumerate(keys, start=1)]
    session.sa.execute(step.insert(), places)
    return number


def _another(walk: WalkName) -> JournalError:
    what = "a cutover of this database" if walk.kind == "split" else f"{walk.words} of this database"
    return JournalError(f"{what} is under way already", "run flatsplit status")


def move(session: Session, number: int, expected: Sequence[str], new: CutoverState, *, finished_at: Any) -> None:
    """Give a walk another state; JournalError where it is in none of the expected ones."""
    statement = (
        cutover.update()
        .where(cutover.c.id == number, cutover.c.state.in_(expected))
        .values(state=new, finished_at=finished_at)
    )
    if session.sa.execute(statement).rowcount != 1:
        raise JournalError(
            f"the cutover is not {' or '.join(expected)} any more: changed by another flatsplit", _LOOK_AGAIN
        )


def reopen(session: Session, number: int) -> None:
    """Make a finished walk active again; JournalError where another of its name is."""
    try:
        move(session, number, ("complete", "rolled_back"), "active", finished_at=None)
    except IntegrityError:
        raise JournalError("another cutover of this database is under way", "run flatsplit status") from None


def update(session: Session, number: int, **values: object) -> None:
    """Give a walk these values."""
    session.sa.execute(cutover.update().where(cutover.c.id == number).values(values))


def steps(session: Session, number: int | None) -> list[StepRecord]:
    """The steps of a walk in the order in which its own rows have them."""
    query = sa.select(*_STEP).where(step.c.cutover_id == number).order_by(step.c.ordinal)
    return [StepRecord(*row) for row in session.sa.execute(query)]


def add_step(session: Session, number: int | None, key: str, ordinal: int) -> None:
    """A step more, pending; JournalError where another one has its place by now."""
    try:
        session.sa.execute(step.insert(), {"cutover_id": number, "ordinal": ordinal, "key": key})
    except IntegrityError:
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
    """Move a step of an active walk on; JournalError if it is not where the caller believes it to be."""
    values: dict[str, Any] = {"state": new, "finished_at": NOW if new in machine.ENDED else None}
    if new not in machine.ENDED:
        values["started_at"] = sa.case((step.c.state.in_(machine.RESTING), NOW), else_=step.c.started_at)
    if new == "pending":
        values["started_at"] = None
    if digest is not None:
        values["digest"] = digest or None
    if by_hand is not None:
        values["by_hand"] = by_hand
    active = sa.select(cutover.c.id).where(cutover.c.id == number, cutover.c.state == "active").scalar_subquery()
    statement = (
        step.update()
        .where(step.c.cutover_id == active, step.c.key == key, step.c.state.in_(expected))
        .values(values)
        .returning(*_STEP)
    )
    rows = session.sa.execute(statement).all()
    if len(rows) != 1:
        state = next((s.state for s in steps(session, number) if s.key == key), "not there")
        raise JournalError(
            f"step {key} is {state}, not {' or '.join(expected)}: changed by another flatsplit", _LOOK_AGAIN
        )
    return StepRecord(*rows[0])
