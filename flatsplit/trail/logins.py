"""Logins that failed as one role: who still has a former password, or asks for a login that is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path

import psycopg

from flatsplit.connection import Session
from flatsplit.errors import FlatsplitError
from flatsplit.logs import Entry, Format, Scan, not_let_in
from flatsplit.trail.files import log_files
from flatsplit.trail.reading import read_files
from flatsplit.trail.server import ServerLogging
from flatsplit.trail.times import moment, written

TAIL = 64 * 1024 * 1024
"""Bytes at the end of the server's newest log that are read by SQL; logs that are named are read whole."""


@dataclass(slots=True)
class FailedLogin:
    """FailedLogin logins from one address."""

    client: str
    """"" where log_line_prefix does not tell it."""
    times: int = 0
    last: datetime | None = None
    """None where no time is told."""

    def __str__(self) -> str:
        when = f", last {written(self.last)}" if self.last is not None else ""
        return f"{self.client or 'an address that log_line_prefix does not tell (%h)'} ({self.times} ×{when})"


@dataclass
class FailedLogins:
    """All of them as one role, in logs that are read one after the other."""

    role: str
    since: datetime | None = None
    zone: tzinfo | None = None
    source: str = ""
    begins: str = ""
    """Since when is known; "" where nothing is."""
    why: str = ""
    """Why nothing is known."""
    clients: dict[str, FailedLogin] = field(default_factory=dict)

    def scan(self, form: Format) -> Scan:
        """Something to feed a log to."""
        return Scan(form, [], form.failed_logins(), lambda _: True, self._found)

    def _found(self, entry: Entry, _: Scan) -> None:
        if not any(not_let_in(reading) == self.role for reading in entry.readings()):
            return
        when = moment(entry.at, self.zone)
        if when is not None and self.since is not None and when < self.since:
            return
        one = self.clients.setdefault(entry.client, FailedLogin(entry.client))
        one.times += 1
        one.last = when if one.last is None or (when is not None and when > one.last) else one.last


def failed_logins(session: Session, role: str, since: datetime, logs: Sequence[Path] = ()) -> FailedLogins:
    """As this role since then: in the logs that are named, else in the end of the server's own, by SQL."""
    found = FailedLogins(role, since)
    try:
        server = ServerLogging.ask(session.driver)
        found.zone = server.zone
        if logs:
            sources = read_files(log_files(logs, since, server.prefix), found, lambda _, __: None)
        elif server.settings.get("logging_collector") != "on":
            sources, found.why = [], "the server's log is not where SQL can read it"
        else:
            sources, found.why = server.log(found, lambda _, __: None, TAIL)
    except psycopg.Error as error:
        return FailedLogins(role, since, why=str(error).partition("\n")[0])
    except FlatsplitError as error:
        if logs:
            raise
        return FailedLogins(role, since, why=error.what)
    found.begins = (
        max(min((one.begins for one in sources if one.begins), default=""), written(since)) if sources else ""
    )
    return found
