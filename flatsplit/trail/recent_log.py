"""What a server has logged lately: in named logs, otherwise in the end of its own log, read by SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Generic, TypeVar

import psycopg

from flatsplit.connection import Session
from flatsplit.errors import FlatsplitError
from flatsplit.server.logged import NOWHERE
from flatsplit.trail.files import log_files
from flatsplit.trail.reading import LogSearch, read_files
from flatsplit.trail.server import ServerLogging
from flatsplit.trail.times import moment, written
from flatsplit.trail.values import Source

TAIL = 64 * 1024 * 1024
"""Bytes at the end of the server's log, over all its files, that are read by SQL; named logs are read completely."""

S = TypeVar("S", bound=LogSearch)


@dataclass(frozen=True, slots=True)
class LogRead(Generic[S]):
    """A search, and the logs it was made in."""

    search: S | None = None
    sources: Sequence[Source] = ()
    why: str = ""
    """Why nothing is known; "" where something is."""
    zone: tzinfo | None = None
    """The time zone of the log."""
    named: bool = False
    """Whether the logs were named; then it is not checked how old they are."""

    @property
    def begins(self) -> str:
        """The first time in the log; "" where there is none."""
        return min((source.begins for source in self.sources if source.begins), default="")

    def blind(self, since: datetime) -> str:
        """Which part of the time since then is not known, and why; "" where all of it is."""
        if self.why or not self.sources:
            return self.why or "no log was read"
        begins = moment(self.begins, self.zone)
        if begins is None:
            return "the log does not tell when it begins"
        if begins > since:
            return f"the log that could be read begins {written(begins)}, not {written(since)}"
        ends = max((source.ends for source in self.sources if source.ends), default="")
        last = moment(ends, self.zone)
        if self.named and last is not None and last < since:
            return f"the log ends {written(last)}, before {written(since)}"
        return ""


def read_lately(
    session: Session,
    looking: Callable[[ServerLogging], S],
    since: datetime,
    logs: Sequence[Path] = (),
    tail: int = TAIL,
) -> LogRead[S]:
    """Read the last ``tail`` bytes of the server's log, or all of the named ``logs``. ``looking`` makes the search,
    given how the server logs. Raises FlatsplitError where a named log cannot be read.
    """
    try:
        server = ServerLogging.ask(session.driver)
        if not logs and server.settings.get("logging_collector") != "on":
            return LogRead(why=NOWHERE)
        search = looking(server)
        if logs:
            found, why = read_files(log_files(logs, since, server.prefix), search, lambda _, __: None), ""
        else:
            found, why = server.log(search, lambda _, __: None, tail)
    except psycopg.Error as error:
        return LogRead(why=str(error).partition("\n")[0])
    except FlatsplitError as error:
        if logs:
            raise
        return LogRead(why=error.what)
    return LogRead(search, found, "" if found else why, server.zone, bool(logs))
