"""Creates the tables of the tracking schema, or migrates them.

Where there are none, one script creates what all migrations lead to: a first ``init`` needs neither Alembic nor
SQLAlchemy, and reviewers can read the script. A test compares migrations, script and declared tables.
"""

from __future__ import annotations

import sys
import threading

from flatsplit import resources
from flatsplit.connection import Session
from flatsplit.journal.layout import HEAD

_MIGRATING = threading.Lock()
"""Alembic has one context for the whole process: a migration could otherwise run on another thread's connection."""


def begin(session: Session) -> None:
    """Create the tables in the empty schema, in the caller's transaction."""
    session.driver.execute(resources.migrations().joinpath("fresh.sql").read_bytes())


def upgrade(session: Session, to: str = HEAD) -> None:
    """Run the migrations that are missing, in the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.migrations()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = session.sa
    with _MIGRATING:
        keep, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # no __pycache__ among the migrations
        try:
            command.upgrade(config, to)
        finally:
            sys.dont_write_bytecode = keep
