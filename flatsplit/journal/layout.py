"""What the tracking schema is called and what is in it, for those who only read and write rows.

The tables themselves are described in :mod:`flatsplit.journal.tables`, which migrations are held against; SQLAlchemy is
wanted for that, and takes longer to import than a command takes to run.
"""

from __future__ import annotations

from typing import Final

from flatsplit.model import JOURNAL_SCHEMA

SCHEMA: Final = JOURNAL_SCHEMA
VERSION_TABLE: Final = "alembic_version"
RECORDER: Final = "ddl"
"""The table of the walk ``trail`` in the same schema: no part of the journal, and another's where only a superuser
could make its event triggers."""
TRIAL: Final = "trial"
"""The kind of an event that tells of sessions which flatsplit had as others."""
HEAD: Final = "0005"
"""The newest migration; a test holds it against migrations/versions."""

TABLES: Final = (
    "change",
    "counter",
    "cutover",
    "learned",
    "need",
    "observation",
    "span",
    "baseline",
    "event",
    "snapshot",
    "step",
    "action",
)
"""Referring ones after what they refer to; a test holds them against :mod:`flatsplit.journal.tables`."""
