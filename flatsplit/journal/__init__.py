"""The memory of a cutover, in a schema of its own inside the database that it is about."""

from flatsplit.journal.identity import recognise
from flatsplit.journal.journal import Journal
from flatsplit.journal.layout import HEAD, SCHEMA, TRIAL
from flatsplit.journal.ledger import Entry, entry
from flatsplit.journal.records import (
    ActionRecord,
    CounterRecord,
    CutoverRecord,
    CutoverState,
    Direction,
    EventRecord,
    LookRecord,
    ObservationRecord,
    SnapshotRecord,
    TallyRecord,
)

__all__ = [
    "HEAD",
    "SCHEMA",
    "TRIAL",
    "ActionRecord",
    "CounterRecord",
    "CutoverRecord",
    "CutoverState",
    "Direction",
    "Entry",
    "EventRecord",
    "Journal",
    "LookRecord",
    "ObservationRecord",
    "SnapshotRecord",
    "TallyRecord",
    "entry",
    "recognise",
]
