"""The connection to the target database: opened once per command, with its settings pinned, and explained when it
fails.
"""

from flatsplit.connection.failures import as_flatsplit_error
from flatsplit.connection.lock import LOCK_KEYS, operator_lock
from flatsplit.connection.server_errors import disturbed, error_text, hint
from flatsplit.connection.session import APPLICATION_NAME, OwnSession, Session, connect_as, open_session
from flatsplit.connection.statement_comment import ASKED, OWN, REMARK

__all__ = [
    "APPLICATION_NAME",
    "ASKED",
    "LOCK_KEYS",
    "OWN",
    "REMARK",
    "OwnSession",
    "Session",
    "as_flatsplit_error",
    "connect_as",
    "disturbed",
    "error_text",
    "hint",
    "open_session",
    "operator_lock",
]
