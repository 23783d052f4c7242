"""Durations and strings as they are written in flatsplit.toml."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
LONGEST = timedelta(days=3650)
"""The longest duration, which clocks can still add."""

_DURATION = re.compile("".join(rf"(?:(?P<{unit}>[0-9]{{1,9}}){unit})?" for unit in _UNITS))


def parse_duration(text: str) -> timedelta:
    """Parse ``200ms``, ``10m``, ``24h``, ``7d``, ``1h30m``: each unit once, larger ones first.

    ValueError for anything else.
    """
    match = _DURATION.fullmatch(text)
    if not match or not text:
        raise ValueError(f"not a duration: {text!r}")
    try:
        value = sum((_UNITS[unit] * int(count) for unit, count in match.groupdict("0").items()), timedelta())
    except OverflowError:
        value = timedelta.max
    if value > LONGEST:
        raise ValueError(f"too long a duration: {text!r}")
    return value


def format_duration(value: timedelta) -> str:
    """A duration as a person writes it: hours up to two days (``24h``), then days (``7d``)."""
    parts = []
    for unit, size in _UNITS.items():
        if unit == "d" and value < 2 * size:
            continue
        count, value = divmod(value, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def quote(text: str) -> str:
    """A TOML basic string; characters that do not print (controls, bidi marks, line separators) are escapes."""
    return '"' + "".join(_escape(char) for char in text) + '"'


def _escape(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(char)
    return short or (f"\\u{ord(char):04X}" if ord(char) < 0x10000 else f"\\U{ord(char):08X}")
