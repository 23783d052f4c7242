"""Sums up the observations of past days: who was there from when to when, and the longest time without a look."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

from flatsplit.connection import Session
from flatsplit.journal import rows

KEEP = timedelta(days=3)
"""How long every single look is kept."""

_DAYS = """
SELECT DISTINCT date_trunc('day', at) AS day FROM flatsplit.observation
WHERE until IS NULL AND at < date_trunc('day', clock_timestamp() - %s) ORDER BY day
"""
# Of counters that did not change, the first and last of the day are kept
_THIN = """
WITH inside AS (SELECT id, role, growth FROM flatsplit.counter WHERE at >= %(day)s AND at < %(day)s + interval '1 day')
DELETE FROM flatsplit.counter WHERE id IN (SELECT id FROM inside WHERE growth = 0)
  AND id NOT IN (SELECT min(id) FROM inside GROUP BY role UNION SELECT max(id) FROM inside GROUP BY role)
"""
_ALIKE = ("source", "role", "database", "client", "application", "state")

_SINGLE = rows.select(
    "observation",
    ("id", "at", "sessions", *_ALIKE),
    "WHERE until IS NULL AND at >= %(day)s AND at < %(day)s + interval '1 day'",
)

Still = Callable[[datetime, datetime], bool]
"""Whether legacy's statement counter did not change in a time."""


def days_to_sum_up(session: Session) -> list[datetime]:
    """The days (UTC) whose looks are old and not summed up yet; usually none."""
    return [day for (day,) in rows.ask(session, _DAYS, [KEEP])]


def sum_up(session: Session, day: datetime, still: Still) -> int:
    """Replace the looks of a day by one row, and their sessions by one row for each kind; returns how many rows were
    removed.
    """
    single = rows.ask(session, _SINGLE, {"day": day}).fetchall()
    groups: dict[tuple[str, ...], list[tuple[datetime, int]]] = {}
    for _, at, sessions, *names in single:
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
    rows.ask(session, "DELETE FROM flatsplit.observation WHERE id = ANY (%s)", [[row[0] for row in single]])
    rows.add(session, "observation", sums)
    return len(single) + int(rows.ask(session, _THIN, {"day": day}).rowcount)


def _hole(moments: list[datetime], still: Still) -> timedelta:
    gaps = itertools.pairwise(moments)
    return max((end - begin for begin, end in gaps if not still(begin, end)), default=timedelta())
