"""Whether a connection pool stands between flatsplit and the server, and of which kind it is."""

from __future__ import annotations

import selectors
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg

from flatsplit.errors import TargetError

ATTEMPTS_BEFORE_PINS = 200
"""How often a statement cut short by the role's own statement_timeout is tried again, before the timeout is
turned off.
"""

PATIENCE = 10
"""Seconds in which a pool that is not full has a server for a connection."""


def refuse_shared(driver: psycopg.Connection[Any], connect: Callable[[], psycopg.Connection[Any]]) -> None:
    """Refuse a pool that gives each transaction another server connection (PgBouncer in transaction mode).

    Settings and the one-operator lock would end up in somebody else's session. A pooler shows a process id of its own.
    In session mode the first connection keeps its server process, so a second connection has another one, or waits for
    one where the pool is full. ``connect`` opens the second one. Raises TargetError, and what ``connect`` raises.
    """
    mine = _backend(driver)
    if mine == driver.info.backend_pid:
        return
    second = connect()
    try:
        free = _answers(second)
        shared = free and (_backend(second) == mine or _backend(driver) != mine)
    finally:
        second.close()
    if not free:
        raise TargetError(
            "a connection pool stands between flatsplit and the server, and has no room for a second connection",
            "connect to the server itself: its host and port, not the pool's (PgBouncer)",
        )
    if shared:
        raise TargetError(
            "a connection pool in transaction or statement mode stands between flatsplit and the server",
            "connect to the server itself: its host and port, not the pool's (PgBouncer), or a pool in session mode",
        )


def _answers(driver: psycopg.Connection[Any]) -> bool:
    """Whether a server answers this connection soon: a pool takes a login even where it has no server for it yet."""
    driver.pgconn.send_query(b"")
    with selectors.DefaultSelector() as waiting:
        waiting.register(driver.pgconn.socket, selectors.EVENT_READ)
        if not waiting.select(PATIENCE):
            return False
    while driver.pgconn.get_result() is not None:
        pass
    return True


def _backend(driver: psycopg.Connection[Any]) -> int:
    row = patiently(driver, b"SELECT pg_catalog.pg_backend_pid()").fetchone()
    return int(row[0]) if row else 0


def patiently(driver: psycopg.Connection[Any], statement: bytes, *, binary: bool = False) -> psycopg.Cursor[Any]:
    """Run what has to run before statement_timeout is turned off, again if need be: a role may have one of a
    millisecond.
    """
    for _ in range(ATTEMPTS_BEFORE_PINS):
        with suppress(psycopg.errors.QueryCanceled):
            return driver.execute(statement, binary=binary)
    return driver.execute(statement, binary=binary)
