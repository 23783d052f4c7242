"""Whether a journal is about the database that it is in."""

from __future__ import annotations

from flatsplit.errors import JournalError
from flatsplit.journal.records import CutoverRecord
from flatsplit.model import Target

_FIX = (
    "if this is the original after pg_upgrade, a move or a restore: flatsplit init --moved; "
    "if it is a copy to be split on its own: flatsplit forget, then flatsplit init; else connect to the original"
)


def recognise(target: Target, cutover: CutoverRecord) -> None:
    """Raise JournalError where the journal was copied here together with the database it describes.

    A dump that is restored elsewhere brings the journal but not the roles. A promoted standby or a moved data directory
    is still the same cluster; pg_upgrade makes a new one, which only the operator can tell from a copy. Where the
    identifier of the cluster may not be read, the oid of the database decides.
    """
    then, now = cutover.system_identifier, target.system_identifier
    if then and now and then != now:
        raise JournalError(
            f'this is a copy of database "{target.database}" restored elsewhere: '
            f"its journal is of cluster {then}, this is cluster {now}",
            _FIX,
        )
    if cutover.database_oid != target.database_oid:
        raise JournalError(
            f"this is a copy of the database restored elsewhere: its journal is of the database with oid "
            f'{cutover.database_oid}, "{target.database}" has oid {target.database_oid}',
            _FIX,
        )
