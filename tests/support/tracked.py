"""A database with a tracking schema and an active cutover, for tests of the journal."""

from __future__ import annotations

from flatsplit.connection import Session
from flatsplit.journal import Journal
from flatsplit.model import Change, Statement, Target
from flatsplit.walks.split import STEP_KEYS

TARGET = Target("7", "shop", 5, 180000, "postgres", True, "postgres")
CONFIG = '[cutover]\nname = "x"'


def track(session: Session, legacy: str = "legacy") -> Journal:
    """The journal of a cutover that has just begun."""
    journal = Journal(session)
    with session.transaction():
        journal.upgrade(None, [legacy])
        journal.create_cutover(
            TARGET, name="shop", legacy_role=legacy, legacy_oid=16384, config=CONFIG, steps=STEP_KEYS
        )
    return journal


def statement(sql: str = "SELECT 1", *changes: Change, undo: str = "SELECT 2") -> Statement:
    """A statement that changes some facts."""
    return Statement(f"run {sql}", sql, undo, "ACCESS EXCLUSIVE", changes=changes)
