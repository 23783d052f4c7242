"""One operator at a time, by an advisory lock that dies with its connection."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import psycopg

from flatsplit.connection.session import Session
from flatsplit.errors import OperatorBusy

LOCK_KEYS = (0x666C6174, 0x73706C74)
"""The bytes of "flat" and "splt": the two-integer form of pg_advisory_lock, classid and objid in pg_locks (objsubid 2).

Migration tools lock with one bigint, which is another space; advisory locks are per database.
"""

_POLL_SECONDS = 0.2

_HOLDER = """
SELECT l.pid, a.usename, coalesce(host(a.client_addr), 'this machine'), a.application_name, a.backend_start, a.state
FROM pg_locks AS l
LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = %s AND l.objid = %s
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@contextmanager
def operator_lock(session: Session, wait_seconds: float = 10.0) -> Iterator[None]:
    """Hold the one-operator lock of this database; OperatorBusy, naming the holder, where it is not obtained in time.

    The wait is for the backend of a killed flatsplit that has not ended yet. It polls, because a wait inside the server
    would hold a snapshot and keep VACUUM from cleaning up. The lock belongs to the connection, not to a transaction.
    """
    deadline = time.monotonic() + wait_seconds
    while not _try(session):
        left = deadline - time.monotonic()
        if left <= 0:
            raise _busy(session.driver.execute(_HOLDER, LOCK_KEYS).fetchone())
        time.sleep(min(_POLL_SECONDS, left))
    outer = session.read_alone
    session.read_alone = {} if outer is None else outer
    try:
        yield
    finally:
        session.read_alone = outer
        with suppress(psycopg.Error):  # without a connection there is no lock either
            session.driver.execute("SELECT pg_advisory_unlock(%s, %s)", LOCK_KEYS)


def _try(session: Session) -> bool:
    row = session.driver.execute("SELECT pg_try_advisory_lock(%s, %s)", LOCK_KEYS).fetchone()
    return row is not None and row[0] is True


def _busy(holder: tuple[Any, ...] | None) -> OperatorBusy:
    if holder is None:
        return OperatorBusy("another flatsplit was at work a moment ago", "run the command again")
    pid, user, client, application, since, state = holder
    named = f"{application or 'a session'} of {user or 'an unknown role'}"
    if isinstance(since, datetime):  # otherwise state and address are hidden
        named += f" from {client}, connected since {since:%Y-%m-%d %H:%M:%S} UTC"
    if state:
        named += f", {state}"
    return OperatorBusy(
        f"another operator is at work: {named} (server process {pid})",
        f"wait until it is done; if it is dead: SELECT pg_terminate_backend({pid})",
    )
