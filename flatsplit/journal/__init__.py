"""The memory of a cutover, in a schema of its own inside the database that it is about."""

from flatsplit.journal.identity import recognise
from flatsplit.journal.journal import Journal
from flatsplit.journal.lock import LOCK_KEYS, operator_lock
from flatsplit.journal.records import (
    ActionRecord,
    CutoverRecord,
    CutoverState,
    Direction,
    EventRecord,
    ObservationRecord,
    StepRecord,
)
from flatsplit.journal.tables import HEAD, SCHEMA

__all__ = [
    "HEAD",
    "LOCK_KEYS",
    "SCHEMA",
    "ActionRecord",
    "CutoverRecord",
    "CutoverState",
    "Direction",
    "EventRecord",
    "Journal",
    "ObservationRecord",
    "StepRecord",
    "operator_lock",
    "recognise",
]
