"""Times in a log: as the server wrote them, in the zone of log_timezone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(?: ?(\S+))?")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)?")
_KNOWN = {
    **dict.fromkeys(("UTC", "GMT", "Z", "UCT", "WET"), 0),
    "CET": 1,
    "CEST": 2,
    "BST": 1,
    "WEST": 1,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "JST": 9,
    "KST": 9,
    "EST": -5,
    "EDT": -4,
    "CDT": -5,
    "MDT": -6,
    "MST": -7,
    "PDT": -7,
    "PST": -8,
    "AEST": 10,
    "AEDT": 11,
}
"""The offsets in hours of abbreviations that mean one zone."""


def zone_named(name: str) -> tzinfo | None:
    """The zone with a name of log_timezone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def moment(text: str, zone: tzinfo | None = None) -> datetime | None:
    """The time in a log; None where its zone is not known. ``zone``: the server's, where it is known.

    None also for an invalid time, since a log that somebody hands over may say anything.
    """
    try:
        found = _moment(text, zone)
        if found is not None:
            found.astimezone(UTC)  # it raises for what is out of range
        return found
    except (ValueError, OverflowError):
        return None


def _moment(text: str, zone: tzinfo | None) -> datetime | None:
    """The same; ValueError or OverflowError for a time that does not exist."""
    if re.fullmatch(r"\d{9,}\.\d+", text):
        return datetime.fromtimestamp(float(text), UTC)
    found = _STAMP.match(text)
    if found is None:
        return None
    day, time, fraction, name = found.groups()
    plain = datetime.fromisoformat(f"{day} {time}{(fraction or '.0')[:7].ljust(7, '0')}")
    name = (name or "").upper()
    offset = _OFFSET.fullmatch(name)
    if offset is not None:
        sign = 1 if offset[1] == "+" else -1
        return plain.replace(tzinfo=timezone(sign * timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))))
    for fold in (0, 1) if zone is not None else ():  # an hour that occurs twice has two names
        there = plain.replace(tzinfo=zone, fold=fold)
        if (there.tzname() or "").upper() == name:
            return there
    if name in _KNOWN:
        return plain.replace(tzinfo=timezone(timedelta(hours=_KNOWN[name])))
    return plain.replace(tzinfo=zone) if zone is not None else None


def written(when: datetime | None, text: str = "") -> str:
    """ISO 8601 in UTC, or the text where the time is not known."""
    if when is None:
        return text
    return when.astimezone(UTC).isoformat(timespec="milliseconds" if when.microsecond else "seconds")
