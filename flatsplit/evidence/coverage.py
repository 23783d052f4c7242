"""How much of a time was watched: that nothing was seen proves nothing where nobody looked. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flatsplit.journal import CounterRecord, LookRecord


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which part of a time was watched, and which was not."""

    covered: timedelta
    holes: tuple[tuple[datetime, datetime], ...]
    """From when to when nobody looked. These times do not count."""
    now: datetime

    @property
    def open_hole(self) -> bool:
        """Whether nobody is looking at the moment."""
        return bool(self.holes) and self.holes[-1][1] == self.now


def coverage(
    since: datetime,
    now: datetime,
    looks: Sequence[LookRecord],
    largest: timedelta,
    counters: Sequence[CounterRecord] = (),
) -> Coverage:
    """The part of the time from ``since`` to ``now`` (which is a look) without holes larger than ``largest``.

    A hole counts as watched where the role's statement counter did not change over it.
    """
    covered, holes = timedelta(), list[tuple[datetime, datetime]]()
    last = since
    for look in sorted((one for one in looks if one.until > since), key=lambda one: one.at):
        start = max(look.at, last)
        for begin, end, hole in ((last, start, start - last), (start, look.until, look.hole)):
            if end <= begin:
                continue
            if hole <= largest or still(counters, begin, end):
                covered += end - begin
            else:
                holes.append((begin, end))
        last = max(last, look.until)
    if now > last:
        if now - last <= largest or still(counters, last, now):
            covered += now - last
        else:
            holes.append((last, now))
    return Coverage(covered, tuple(holes), now)


def still(counters: Sequence[CounterRecord], begin: datetime, end: datetime) -> bool:
    """Whether a counter that was read before and after this time did not grow in it. ``counters``: of one role, by
    time.
    """
    moments = [counter.at for counter in counters]
    before, after = bisect_right(moments, begin) - 1, bisect_left(moments, end)
    if before < 0 or after >= len(counters):
        return False
    first, last = counters[before], counters[after]
    between = counters[before + 1 : after + 1]
    return (
        bool(first.epoch)
        and all(one.epoch == first.epoch and one.calls == first.calls for one in between)
        and (last.calls == first.calls)
    )
