"""``forget``: removes flatsplit from the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flatsplit.connection import operator_lock
from flatsplit.journal.recorded import any_recorded
from flatsplit.server.event_trigger_errors import named

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def is_recorded(walk: Walk) -> bool:
    """Whether [trail] has recorded structural changes, which would be lost together with the journal."""
    return any_recorded(walk.session)


def forget(walk: Walk, export: Path | None) -> None:
    """Remove flatsplit from the database, after writing its journal and the recorded changes to ``export``. What the
    walks made stays.
    """
    removing = named(walk.session.driver, "removing the tracking schema")
    with removing, operator_lock(walk.session), walk.session.transaction():
        walk.journal.forget(export)
