"""Who was seen connected as what: the evidence that a role is no longer used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from flatsplit import model
from flatsplit.connection import Session
from flatsplit.journal.records import ObservationRecord
from flatsplit.journal.tables import observation

_NAMES = ("role", "database", "client", "application", "state")
LOOK = "look"
"""Source of the row that every look leaves, so that having seen nobody is not the same as not having looked."""


def observe(session: Session, seen: Sequence[model.Session], source: str) -> datetime:
    """Write down one look at the server: equal sessions counted, all rows of one moment."""
    alike = Counter((s.role, s.database, s.client, s.application, s.state) for s in seen)
    nobody = dict.fromkeys(_NAMES, "")
    look = {"source": LOOK, "sessions": len(seen), **nobody}
    at: datetime = session.sa.execute(observation.insert().returning(observation.c.at), look).scalar_one()
    if alike:
        rows = [
            dict(zip(_NAMES, key, strict=True), at=at, source=source, sessions=count)
            for key, count in sorted(alike.items())
        ]
        session.sa.execute(observation.insert(), rows)
    return at


def last_seen(session: Session, role: str, database: str | None) -> datetime | None:
    """When a session of this role was last seen, in one database or in any."""
    query = sa.select(sa.func.max(observation.c.at)).where(observation.c.role == role, observation.c.source != LOOK)
    if database is not None:
        query = query.where(observation.c.database == database)
    return session.sa.execute(query).scalar()


def looks(session: Session, since: datetime | None) -> tuple[int, datetime | None, datetime | None]:
    """How often somebody looked, first and last when; since a moment, or ever."""
    at = observation.c.at
    query = sa.select(sa.func.count(), sa.func.min(at), sa.func.max(at)).where(
        observation.c.role == "", observation.c.source == LOOK
    )
    if since is not None:
        query = query.where(at >= since)
    count, first, last = session.sa.execute(query).one()
    return count, first, last


def of_role(session: Session, role: str, since: datetime | None) -> list[ObservationRecord]:
    """Every time that sessions of this role were seen, oldest first."""
    c = observation.c
    query = (
        sa.select(c.at, c.role, c.database, c.client, c.application, c.state, c.sessions, c.source)
        .where(c.role == role, c.source != LOOK)
        .order_by(c.at, c.id)
    )
    if since is not None:
        query = query.where(c.at >= since)
    return [ObservationRecord(*row) for row in session.sa.execute(query)]
