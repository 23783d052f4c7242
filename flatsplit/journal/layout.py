"""The names of the tracking schema and its tables, for code that only reads and writes rows.

The tables are defined in :mod:`flatsplit.journal.tables`, which the migrations are compared with. That needs
SQLAlchemy, whose import takes longer than a command.
"""

from __future__ import annotations

from typing import Final

from flatsplit.model import JOURNAL_SCHEMA

SCHEMA: Final = JOURNAL_SCHEMA
VERSION_TABLE: Final = "alembic_version"
RECORDER: Final = "ddl"
"""The table of the walk ``trail`` in the same schema. It is no part of the journal, and has another owner where only a
superuser could create its event triggers.
"""
TRIAL: Final = "trial"
"""The kind of event that lists sessions which flatsplit had as other roles."""
HEAD: Final = "0005"
"""The newest migration; a test compares it with migrations/versions."""

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
"""Tables after those that they refer to; a test compares them with :mod:`flatsplit.journal.tables`."""
