"""Failed logins as one role: clients that still use a former password, or a login that is closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from flatsplit.connection import OwnSession, Session
from flatsplit.logs import Entry, Format, Scan, not_let_in
from flatsplit.trail.known_logins import trials
from flatsplit.trail.recent_log import read_lately
from flatsplit.trail.server import ServerLogging
from flatsplit.trail.times import moment, written
from flatsplit.words import listed

_EXACT, _SECOND = timedelta(seconds=0.1), timedelta(seconds=1)
"""By how much the time of a line may differ, where log_line_prefix has milliseconds or whole seconds."""
_TRIES = 2
"""With TLS and, where that is only preferred, without (PQconnectPoll() in fe-connect.c)."""


@dataclass(slots=True)
class FailedLogin:
    """A client whose logins were refused: its address, how often, and when last."""

    client: str
    """"" where log_line_prefix does not have it."""
    times: int = 0
    last: datetime | None = None
    """None where there is no time."""

    def __str__(self) -> str:
        when = f", last {written(self.last)}" if self.last is not None else ""
        return f"{self.client or 'an address that log_line_prefix does not tell (%h)'} ({self.times} ×{when})"


@dataclass
class FailedLogins:
    """All failed logins as one role, in logs that are read one after the other."""

    role: str
    since: datetime | None = None
    zone: tzinfo | None = None
    source: str = ""
    begins: str = ""
    """Since when they are known; "" where nothing is."""
    blind: str = ""
    """Which part of the time since then is not known, and why; "" where all of it is."""
    own: Sequence[OwnSession] = ()
    """Logins with which flatsplit itself tried whether the role is refused."""
    clients: dict[str, FailedLogin] = field(default_factory=dict)
    _counted: Counter[OwnSession] = field(default_factory=Counter)

    def scan(self, form: Format) -> Scan:
        """A scan to feed a log to."""
        return Scan(form, [], form.failed_logins(), lambda _: True, self._found)

    def _found(self, entry: Entry, _: Scan) -> None:
        if not any(not_let_in(reading) == self.role for reading in entry.readings()):
            return
        when = moment(entry.at, self.zone)
        if when is not None and self.since is not None and when < self.since:
            return
        if when is not None and self._is_own(when):
            return
        one = self.clients.setdefault(entry.client, FailedLogin(entry.client))
        one.times += 1
        one.last = when if one.last is None or (when is not None and when > one.last) else one.last

    def _is_own(self, when: datetime) -> bool:
        """Whether it was flatsplit's own attempt, of which there are no more than libpq makes."""
        about = _EXACT if when.microsecond else _SECOND
        for one in self.own:
            if one.began - about <= when <= one.ended + about and self._counted[one] < _TRIES:
                self._counted[one] += 1
                return True
        return False

    def __str__(self) -> str:
        return told([*self.clients.values()])


def told(clients: Sequence[FailedLogin]) -> str:
    """The first of them, and how many more there are."""
    return listed(clients)


def failed_logins(session: Session, role: str, since: datetime, logs: Sequence[Path] = ()) -> FailedLogins:
    """Failed logins as this role since then: in the named logs, otherwise in the end of the server's own, by SQL."""
    own = tuple(one for one in trials(session) if one.login == role and not one.pid and one.ended >= since)

    def looking(server: ServerLogging) -> FailedLogins:
        return FailedLogins(role, since, server.zone, own=own)

    heard = read_lately(session, looking, since, logs)
    found = heard.search if heard.search is not None else FailedLogins(role, since)
    found.blind = heard.blind(since)
    found.begins = max(heard.begins, written(since)) if heard.begins else ""
    return found
