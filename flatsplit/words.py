"""Numbers, nouns and spans of time in words, and how much of a text is shown. Pure.

There are three ways to write a span: :func:`span` is exact, :func:`about` is for prose, :func:`rounded` is for columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

FEW = 3
"""How many things a sentence names where there are more."""


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 statement``, ``2 statements``, ``3 policies``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(things: Sequence[object], shown: int = FEW, *, apart: str = ", ") -> str:
    """``a, b, c and 4 more``."""
    return apart.join(map(str, things[:shown])) + more(len(things) - shown)


def more(number: int) -> str:
    """`` and 4 more``, for the end of a list; "" where nothing is left."""
    return f" and {number:,} more" if number > 0 else ""


def clipped(text: str, most: int) -> str:
    """At most so many characters, with an ellipsis where something is left out."""
    return text if len(text) <= most else text[: most - 1] + "…"


def singular(kind: str) -> str:
    """``1 table``, not ``1 tables``."""
    if kind.endswith("ies"):
        return kind[:-3] + "y"
    return kind.removesuffix("es" if kind.endswith("sses") else "s")


def span(seconds: float | None) -> str:
    """``72.4`` → ``1m 12s``."""
    whole = int(seconds or 0)
    parts = [(whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "m"), (whole % 60, "s")]
    return " ".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def about(value: timedelta | float) -> str:
    """``72.4`` → ``1 min 12 s``: one or two units, as people say it."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if seconds < 1:
        return "under a second"
    for size, unit, part, small in ((86400, "d", 3600, "h"), (3600, "h", 60, "m"), (60, "min", 1, "s")):
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            return f"{whole} {unit}" + (f" {rest // part} {small}" if rest // part else "")
    return f"{int(seconds)} s"


def rounded(seconds: float) -> str:
    """``72.4`` → ``1m``: the largest unit alone."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """``3d 4h ago``: the two largest units."""
    if moment is None:
        return ""
    passed = max((now or datetime.now(UTC)) - moment, timedelta())
    minutes, seconds = divmod(int(passed.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{number}{unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "m")) if number][:2]
    return f"{' '.join(parts) or f'{seconds}s'} ago"
