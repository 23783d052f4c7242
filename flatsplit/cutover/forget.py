"""``forget``: flatsplit out of the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flatsplit.connection import operator_lock
from flatsplit.server.raising import named

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def forget(walk: Walk, export: Path | None) -> None:
    """Take flatsplit out of the database, with the journal in ``export`` first; roles and rights stay as they are."""
    removing = named(walk.session.driver, "removing the tracking schema")
    with removing, operator_lock(walk.session), walk.session.transaction():
        walk.journal.forget(export)
