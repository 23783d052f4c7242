"""Who was seen connected as what, and how many statements each role has run: evidence that a role is not
used any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flatsplit import model
from flatsplit.connection import Session
from flatsplit.journal import rows
from flatsplit.journal.records import CounterRecord, LookRecord, ObservationRecord

_NAMES = ("role", "database", "client", "application", "state")
LOOK = "look"
"""The source of a row that every look writes, to distinguish a look that saw nobody from no look."""

LOGIN = "login"
"""The source of rows with the login of a session. Other rows count a member's session under the role it acts as."""

# A row that sums up several looks covers the time to the last of them
_LOOK = """
INSERT INTO flatsplit.observation (source, sessions, role, database, client, application, state)
VALUES (%s, %s, '', '', '', '', '') RETURNING at
"""
_LAST_SEEN = """
SELECT max(coalesce(until, at)) FROM flatsplit.observation
WHERE role = %(role)s AND (%(database)s::text IS NULL OR database = %(database)s)
  AND source NOT IN ('look', 'login') AND application <> ALL (%(but)s)
"""
_LAST_LOGIN = """
SELECT max(coalesce(until, at)) FROM flatsplit.observation
WHERE role = %(role)s AND (%(database)s::text IS NULL OR database = %(database)s) AND source = 'login'
"""
_LOGINS_ELSEWHERE = """
SELECT database, max(coalesce(until, at)) FROM flatsplit.observation
WHERE role = %s AND database <> %s AND source = 'login' GROUP BY database ORDER BY 2 DESC, database
"""
_LAST_ACTIVE = "SELECT max(at) FROM flatsplit.counter WHERE role = %s AND growth > 0"
_LOOKS = """
SELECT coalesce(sum(looks), 0)::bigint, min(at), max(coalesce(until, at)) FROM flatsplit.observation
WHERE role = '' AND source = 'look' AND (%(since)s::timestamptz IS NULL OR %(since)s <= coalesce(until, at))
"""
_TIMES = """
SELECT at, coalesce(until, at), hole FROM flatsplit.observation
WHERE role = '' AND source = 'look' AND (%(since)s::timestamptz IS NULL OR %(since)s <= coalesce(until, at))
ORDER BY at
"""
_COUNTERS = rows.select(
    "counter",
    CounterRecord._fields,
    """
    WHERE role = %(role)s AND (%(since)s::timestamptz IS NULL OR at >= coalesce(
        (SELECT max(at) FROM flatsplit.counter WHERE role = %(role)s AND at <= %(since)s), %(since)s))
    ORDER BY at, id
    """,
)
_LAST_COUNTERS = """
SELECT role, calls, epoch FROM flatsplit.counter
WHERE id IN (SELECT max(id) FROM flatsplit.counter GROUP BY role)
"""
_CLIENTS = """
SELECT DISTINCT application, client FROM flatsplit.observation
WHERE role = %s AND source <> 'look' AND %s <= coalesce(until, at) AND at <= %s ORDER BY application, client
"""
_OF_ROLE = rows.select(
    "observation",
    ObservationRecord._fields,
    """
    WHERE role = %(role)s AND source NOT IN ('look', 'login')
      AND (%(since)s::timestamptz IS NULL OR %(since)s <= coalesce(until, at))
    ORDER BY at, id
    """,
)


def observe(session: Session, seen: Sequence[model.Backend], source: str, logins: Collection[str] = ()) -> datetime:
    """Record one look: equal sessions as one row, all rows with the same moment.

    For sessions of the ``logins``, or that act as one of them, the login is recorded as well.
    """
    watched = frozenset(logins)
    alike = Counter(
        (source, role, s.database, s.client, s.application, s.state) for s in seen for role in s.acts_as or (s.role,)
    )
    alike.update(
        (LOGIN, s.role, s.database, s.client, s.application, s.state)
        for s in seen
        if not watched.isdisjoint((s.role, *s.acts_as))
    )
    at: datetime = rows.ask(session, _LOOK, [LOOK, len(seen)]).fetchone()[0]
    counted = sorted(alike.items())
    rows.add(
        session,
        "observation",
        [{**dict(zip(("source", *_NAMES), key, strict=True)), "at": at, "sessions": count} for key, count in counted],
    )
    return at


def count_calls(session: Session, at: datetime, counted: Sequence[tuple[str, int, int | None, str]]) -> None:
    """Write down (role, calls, growth, epoch) of the moment of a look."""
    rows.add(
        session,
        "counter",
        [
            {"at": at, "role": role, "calls": calls, "growth": growth, "epoch": epoch}
            for role, calls, growth, epoch in counted
        ],
    )


def last_seen(session: Session, role: str, database: str | None, but: Collection[str] = ()) -> datetime | None:
    """When a session of this role was last seen, in one database or in any, without these applications."""
    return _moment(session, _LAST_SEEN, {"role": role, "database": database, "but": list(but)})


def last_login(session: Session, role: str, database: str | None) -> datetime | None:
    """When a session of this very role, and not of a member, was last seen; for roles that are or become groups."""
    return _moment(session, _LAST_LOGIN, {"role": role, "database": database})


def logins_elsewhere(session: Session, role: str, database: str) -> list[tuple[str, datetime]]:
    """The other databases in which a session of this very role was ever seen, with when last, the latest first."""
    return [(name, at) for name, at in rows.ask(session, _LOGINS_ELSEWHERE, [role, database]).fetchall()]


def last_active(session: Session, role: str) -> datetime | None:
    """When its statement counter had last grown."""
    return _moment(session, _LAST_ACTIVE, [role])


def _moment(session: Session, query: str, parameters: Sequence[str] | Mapping[str, Any]) -> datetime | None:
    found: datetime | None = rows.ask(session, query, parameters).fetchone()[0]
    return found


def looks(session: Session, since: datetime | None) -> tuple[int, datetime | None, datetime | None]:
    """How many looks there were, and when the first and the last; since a moment, or ever."""
    number, first, last = rows.ask(session, _LOOKS, {"since": since}).fetchone()
    return number, first, last


def times(session: Session, since: datetime | None = None) -> list[LookRecord]:
    """When somebody looked, oldest first."""
    found = rows.ask(session, _TIMES, {"since": since})
    return [LookRecord(at, until, hole or timedelta()) for at, until, hole in found]


def counters(session: Session, role: str, since: datetime | None = None) -> list[CounterRecord]:
    """The counters of a role, oldest first; with ``since``, beginning with the last one before it."""
    return [CounterRecord(*row) for row in rows.ask(session, _COUNTERS, {"role": role, "since": since})]


def last_counters(session: Session) -> dict[str, tuple[int, str]]:
    """Calls and epoch of each role at its last look."""
    return {role: (calls, epoch) for role, calls, epoch in rows.ask(session, _LAST_COUNTERS)}


def clients(session: Session, role: str, since: datetime, until: datetime) -> list[tuple[str, str]]:
    """(application, address) of each client that was seen as this role in a time, sorted."""
    return [(application, client) for application, client in rows.ask(session, _CLIENTS, [role, since, until])]


def of_role(session: Session, role: str, since: datetime | None) -> list[ObservationRecord]:
    """Every time that sessions of this role were seen, oldest first."""
    return [ObservationRecord(*row) for row in rows.ask(session, _OF_ROLE, {"role": role, "since": since})]
