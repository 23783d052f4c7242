"""log_line_prefix: what precedes the severity of a line on stderr, and how a client could imitate it.

The prefix is parsed as the server writes it (log_status_format() in elog.c). Clients can choose little of it, except
the application's name. So every line is read twice, with that name as short and as long as possible: where the readings
name different people, the line is doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from flatsplit.logs.languages import labels, severities

_TIME = rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
_NAMES = frozenset("audi")
"""Escapes that may be anything but a line feed."""
_ESCAPES = {
    "a": rb"[^\n]{0,63}",
    "u": rb"[^\n]{0,63}",
    "d": rb"[^\n]{0,63}",
    "i": rb"[^\n]{0,63}",
    "b": rb"[a-z ]*",
    "r": rb"(?:\[local\]|\[unknown\]|[\w.:%-]+\(\d+\))?",
    "h": rb"(?:\[local\]|\[unknown\]|[\w.:%-]+)?",
    "L": rb"(?:\[none\]|\[local\]|[\w.:%-]+)?",
    "p": rb"\d+",
    "P": rb"\d*",
    "t": _TIME + rb" [^\s\]>;|]+",
    "m": _TIME + rb"\.\d+ [^\s\]>;|]+",
    "n": rb"\d+\.\d+",
    "s": _TIME + rb" [^\s\]>;|]+",
    "c": rb"[0-9a-f]+\.[0-9a-f]+",
    "l": rb"\d+",
    "e": rb"[0-9A-Z]{5}",
    "v": rb"(?:-?\d+/-?\d+)?",
    "x": rb"\d+",
    "Q": rb"-?\d+",
}
_ESCAPE = re.compile(r"%(-?\d*)(.)", re.DOTALL)

COMMON = (
    "%m [%p] %q%u@%d ",
    "%m [%p] ",
    "%t:%r:%u@%d:[%p]:",
    "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h,",
    "%t [%p]: user=%u,db=%d,app=%a,client=%h ",
    "%t [%p]: [%l-1] user=%u,db=%d ",
    "%m [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%m [%p]: [%l-1] db=%d,user=%u ",
    "%m [%p] %q[user=%u,db=%d,app=%a] ",
    "%m [%p] %q[user=%u,db=%d,app=%a,host=%h] ",
    "%m [%p] %quser=%u,db=%d,app=%a,client=%h ",
    "%m [%p] user=%u,db=%d,app=%a,client=%h ",
    "%m [%p] %quser=%u,db=%d,app=%a,client=%h %e ",
    "%m [%p] user=%u,db=%d,app=%a ",
    "%m [%p][%b][%v][%x] %q[user=%u,db=%d,app=%a] ",
    "%h %m [%p] %q%u@%d ",
    "%n [%p] %q%u@%d ",
    "%t-%c-",
    "%t-%c-user=%u,db=%d,app=%a,client=%h ",
    "%m-%c-",
    "%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a:",
    "< %m >",
    "< %m > ",
    "%t [%p] ",
)
"""Prefixes of distributions, services and tools; tried where the prefix is not known."""


def _words(words: Iterable[str]) -> bytes:
    return b"|".join(re.escape(word).encode() for word in sorted(words, key=len, reverse=True))


def word_pattern() -> bytes:
    """A regular expression for a severity with its colon, or for a label."""
    return rb"(?:(?P<severity>" + _words(severities()) + rb"):  |(?P<label>" + _words(labels()) + b"))"


@lru_cache(maxsize=64)
def compiled(prefix: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Patterns for the beginning of a line, with the application's name as short and as long as possible.

    Groups: the letters of the escapes, ``severity`` or ``label``, and ``rest``.
    """
    return _compile(prefix, b"?"), _compile(prefix, b"")


def _compile(prefix: str, lazy: bytes) -> re.Pattern[bytes]:
    found, seen, opened = b"", set(), False
    place = 0
    for escape in _ESCAPE.finditer(prefix):
        found += re.escape(prefix[place : escape.start()].encode())
        place = escape.end()
        padding, letter = escape.groups()
        if letter == "q":
            found, opened = found + b"(?:", True
        elif letter == "%":
            found += b"%"
        elif letter in _ESCAPES:
            # Whoever may choose names of roles or databases has no need to imitate one
            pattern = _ESCAPES[letter] + (lazy if letter == "a" else b"?" if letter in _NAMES else b"")
            if letter not in seen:
                pattern = b"(?P<" + letter.encode() + b">" + pattern + b")"
            seen.add(letter)
            blank = b" *" if padding else b""
            found += (b"" if padding.startswith("-") else blank) + pattern + (blank if padding.startswith("-") else b"")
    found += re.escape(prefix[place:].encode())
    if opened:
        found += b")?"
    return re.compile(found + word_pattern() + rb"(?P<rest>[^\n]*)")


def escapes(prefix: str) -> frozenset[str]:
    """The letters of its escapes."""
    return frozenset(letter for _, letter in _ESCAPE.findall(prefix))


def guess(lines: list[bytes]) -> str | None:
    """The common prefix that fits these lines best; None where none fits, or where no line of a session is among them.

    Lines of the server's own processes end at %q, so they do not tell how lines of sessions go on.
    """
    best: tuple[int, int, str] | None = None
    possible = 0
    for prefix in COMMON:
        pattern, _ = compiled(prefix)
        matches = [match for line in lines if (match := pattern.match(line)) is not None]
        if not matches or len(matches) * 10 < len(lines) * 8:
            continue
        behind = sorted(escapes(prefix.partition("%q")[2]))
        if behind and not any(match[letter] is not None for match in matches for letter in behind):
            possible = max(possible, len(matches))
            continue
        score = (len(matches), len(escapes(prefix)), prefix)
        best = max(best, score) if best else score
    if best is None or ("u" not in escapes(best[2]) and best[0] <= possible):
        return None
    return best[2]
