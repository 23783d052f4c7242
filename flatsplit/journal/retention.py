"""Observations of past days in a few rows: who was there from when to when, and the longest time nobody looked."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from flatsplit.connection import Session
from flatsplit.journal.tables import counter, observation

KEEP = timedelta(days=3)
"""How long every single look is kept."""

_ALIKE = ("source", "role", "database", "client", "application", "state")

Still = Callable[[datetime, datetime], bool]
"""Whether legacy's statement counter stood still over a time."""


def days_to_sum_up(session: Session) -> list[datetime]:
    """Beginnings of the days (UTC) whose looks are still kept one by one although they are old; none as a rule."""
    day = sa.func.date_trunc("day", observation.c.at)
    old = observation.c.at < sa.func.date_trunc("day", sa.func.clock_timestamp() - KEEP)
    query = sa.select(day).where(observation.c.until.is_(None), old).distinct().order_by(day)
    return list(session.sa.execute(query).scalars())


def sum_up(session: Session, day: datetime, still: Still) -> int:
    """One row for all looks of the day, one per kind of session; how many rows went."""
    c = observation.c
    inside = sa.and_(c.until.is_(None), c.at >= day, c.at < day + timedelta(days=1))
    rows = session.sa.execute(sa.select(c.id, c.at, c.sessions, *(c[name] for name in _ALIKE)).where(inside)).all()
    groups: dict[tuple[str, ...], list[tuple[datetime, int]]] = {}
    for _, at, sessions, *names in rows:
        groups.setdefault(tuple(names), []).append((at, sessions))
    sums = []
    for alike, seen in groups.items():
        moments = sorted(at for at, _ in seen)
        sums.append(
            {
                **dict(zip(_ALIKE, alike, strict=True)),
                "at": moments[0],
                "until": moments[-1],
                "looks": len(moments),
                "sessions": max(count for _, count in seen),
                "hole": _hole(moments, still) if alike[1] == "" else None,
            }
        )
    session.sa.execute(observation.delete().where(c.id.in_([row[0] for row in rows])))
    if sums:
        session.sa.execute(observation.insert(), sums)
    return len(rows) + _thin_counters(session, day)


def _hole(moments: list[datetime], still: Still) -> timedelta:
    gaps = itertools.pairwise(moments)
    return max((end - begin for begin, end in gaps if not still(begin, end)), default=timedelta())


def _thin_counters(session: Session, day: datetime) -> int:
    """Of counters that stood still, keep the first and the last of the day."""
    c = counter.c
    inside = sa.and_(c.at >= day, c.at < day + timedelta(days=1))
    edges = sa.union(
        sa.select(sa.func.min(c.id)).where(inside).group_by(c.role),
        sa.select(sa.func.max(c.id)).where(inside).group_by(c.role),
    )
    query = counter.delete().where(inside, c.growth == 0, c.id.not_in(edges))
    return int(session.sa.execute(query).rowcount)
