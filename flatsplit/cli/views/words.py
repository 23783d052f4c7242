"""Numbers, nouns and times as they are said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flatsplit.cli.output import one_line
from flatsplit.model import SPLIT, WalkName


def count(number: int, noun: str) -> str:
    """``1 statement``, ``2 statements``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def singular(kind: str) -> str:
    """``1 table``, not ``1 tables``."""
    if kind.endswith("ies"):
        return kind[:-3] + "y"
    return kind.removesuffix("es" if kind.endswith("sses") else "s")


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """``3d 4h ago``: the two largest units that tell something."""
    if moment is None:
        return ""
    passed = max((now or datetime.now(UTC)) - moment, timedelta())
    minutes, seconds = divmod(int(passed.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{number}{unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "m")) if number][:2]
    return f"{' '.join(parts) or f'{seconds}s'} ago"


def typed(verb: str, walk: WalkName) -> str:
    """``flatsplit next``, and for another walk than the split which one is meant."""
    return f"flatsplit {verb}" if walk == SPLIT else f"flatsplit {verb} {one_line(walk.option)}"
