"""A commit that waits for a synchronous standby says nothing by itself: whoever looks at the terminal is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

PATIENCE = 5.0
"""Seconds after which a commit is looked at, and then again."""

TOLD = (
    "waiting for a synchronous standby: the last changes are made and on record, and none confirms them "
    "(synchronous_standby_names). It goes on once one does; Ctrl-C ends the wait and loses nothing."
)


@contextmanager
def told(driver: psycopg.Connection[Any], say: Callable[[str], None]) -> Iterator[None]:
    """Whatever commits inside: where the server waits for a standby meanwhile, ``say`` is called once, in a thread.

    The server is asked in a second connection, since the first one hears nothing before the commit is confirmed.
    """
    over = Event()
    watcher = Thread(target=_watch, args=(driver, say, over), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _watch(driver: psycopg.Connection[Any], say: Callable[[str], None], over: Event) -> None:
    while not over.wait(PATIENCE):
        with suppress(psycopg.Error):  # no connection to spare: the wait goes unexplained
            if _waits(driver):
                say(TOLD)
                return


def _waits(driver: psycopg.Connection[Any]) -> bool:
    parameters = {**driver.info.get_parameters(), "password": driver.info.password, "connect_timeout": "5"}
    with psycopg.connect(make_conninfo("", **parameters), autocommit=True) as second:
        second.execute("SET search_path = pg_catalog, pg_temp; SET statement_timeout = '5s'")
        asked = "SELECT wait_event FROM pg_catalog.pg_stat_activity WHERE pid = %s"
        return second.execute(asked, [driver.info.backend_pid]).fetchone() == ("SyncRep",)
