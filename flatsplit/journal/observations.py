"""Who was seen connected as what, and what each role had run: the evidence that a role is no longer used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from flatsplit import model
from flatsplit.connection import Session
from flatsplit.journal.records import CounterRecord, LookRecord, ObservationRecord
from flatsplit.journal.tables import counter, observation

_NAMES = ("role", "database", "client", "application", "state")
LOOK = "look"
"""Source of the row that every look leaves, so that having seen nobody is not the same as not having looked."""

LOGIN = "login"
"""Source of rows that say under which name somebody logged in, where that is not all: the others count a member's
sessions as those of the role as which it acts."""

_UNTIL = sa.func.coalesce(observation.c.until, observation.c.at)
_LOOKS = sa.and_(observation.c.role == "", observation.c.source == LOOK)


def observe(session: Session, seen: Sequence[model.Backend], source: str, logins: Collection[str] = ()) -> datetime:
    """Write down one look at the server: equal sessions counted, all rows of one moment.

    Of sessions of the ``logins``, and of those that act as one of them, also as whom they logged in.
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
    nobody = dict.fromkeys(_NAMES, "")
    look = {"source": LOOK, "sessions": len(seen), **nobody}
    at: datetime = session.sa.execute(observation.insert().returning(observation.c.at), look).scalar_one()
    if alike:
        rows = [
            dict(zip(("source", *_NAMES), key, strict=True), at=at, sessions=count)
            for key, count in sorted(alike.items())
        ]
        session.sa.execute(observation.insert(), rows)
    return at


def count_calls(session: Session, at: datetime, counted: Sequence[tuple[str, int, int | None, str]]) -> None:
    """Write down (role, calls, growth, epoch) of the moment of a look."""
    rows = [
        {"at": at, "role": role, "calls": calls, "growth": growth, "epoch": epoch}
        for role, calls, growth, epoch in counted
    ]
    if rows:
        session.sa.execute(counter.insert(), rows)


def last_seen(session: Session, role: str, database: str | None, but: Collection[str] = ()) -> datetime | None:
    """When a session of this role was last seen, in one database or in any; ``but`` those of these applications."""
    others = observation.c.application.not_in(list(but))
    return _last(session, role, database, sa.and_(observation.c.source.not_in((LOOK, LOGIN)), others))


def last_login(session: Session, role: str, database: str | None) -> datetime | None:
    """When a session of this very role, and not of a member, was last seen; of roles that are or become groups."""
    return _last(session, role, database, observation.c.source == LOGIN)


def _last(session: Session, role: str, database: str | None, which: sa.ColumnElement[bool]) -> datetime | None:
    query = sa.select(sa.func.max(_UNTIL)).where(observation.c.role == role, which)
    if database is not None:
        query = query.where(observation.c.database == database)
    return session.sa.execute(query).scalar()


def last_active(session: Session, role: str) -> datetime | None:
    """When its statement counter was last found grown."""
    query = sa.select(sa.func.max(counter.c.at)).where(counter.c.role == role, counter.c.growth > 0)
    return session.sa.execute(query).scalar()


def looks(session: Session, since: datetime | None) -> tuple[int, datetime | None, datetime | None]:
    """How often somebody looked, first and last when; since a moment, or ever."""
    at = observation.c.at
    count = sa.cast(sa.func.coalesce(sa.func.sum(observation.c.looks), 0), sa.BigInteger)
    query = sa.select(count, sa.func.min(at), sa.func.max(_UNTIL)).where(_LOOKS)
    if since is not None:
        query = query.where(since <= _UNTIL)
    number, first, last = session.sa.execute(query).one()
    return number, first, last


def times(session: Session, since: datetime | None = None) -> list[LookRecord]:
    """When somebody looked, oldest first."""
    query = sa.select(observation.c.at, _UNTIL, observation.c.hole).where(_LOOKS).order_by(observation.c.at)
    if since is not None:
        query = query.where(since <= _UNTIL)
    return [LookRecord(at, until, hole or timedelta()) for at, until, hole in session.sa.execute(query)]


def counters(session: Session, role: str, since: datetime | None = None) -> list[CounterRecord]:
    """The counters of a role, oldest first; with ``since`` from the last one before it on."""
    columns = [counter.c[name] for name in CounterRecord.__slots__]
    query = sa.select(*columns).where(counter.c.role == role).order_by(counter.c.at, counter.c.id)
    if since is not None:
        first = sa.select(sa.func.max(counter.c.at)).where(counter.c.role == role, counter.c.at <= since)
        query = query.where(counter.c.at >= sa.func.coalesce(first.scalar_subquery(), since))
    return [CounterRecord(*row) for row in session.sa.execute(query)]


def last_counters(session: Session) -> dict[str, tuple[int, str]]:
    """Calls and epoch of each role at its last look."""
    newest = sa.select(sa.func.max(counter.c.id)).group_by(counter.c.role)
    query = sa.select(counter.c.role, counter.c.calls, counter.c.epoch).where(counter.c.id.in_(newest))
    return {role: (calls, epoch) for role, calls, epoch in session.sa.execute(query)}


def clients(session: Session, role: str, since: datetime, until: datetime) -> list[tuple[str, str]]:
    """(application, address) of each client that was seen as this role in a time, sorted."""
    c = observation.c
    query = (
        sa.select(c.application, c.client)
        .where(c.role == role, c.source != LOOK, since <= _UNTIL, c.at <= until)
        .distinct()
        .order_by(c.application, c.client)
    )
    return [(application, client) for application, client in session.sa.execute(query)]


def of_role(session: Session, role: str, since: datetime | None) -> list[ObservationRecord]:
    """Every time that sessions of this role were seen, oldest first."""
    c = observation.c
    query = (
        sa.select(c.at, c.role, c.database, c.client, c.application, c.state, c.sessions, c.source)
        .where(c.role == role, c.source.not_in((LOOK, LOGIN)))
        .order_by(c.at, c.id)
    )
    if since is not None:
        query = query.where(since <= _UNTIL)
    return [ObservationRecord(*row) for row in session.sa.execute(query)]
