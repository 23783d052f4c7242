"""csvlog: a row per entry, whose texts may contain line feeds (manual, "Using CSV-Format Log Output")."""

from __future__ import annotations

import csv
import io
import re

from flatsplit.logs.entry import Entry, client_of
from flatsplit.logs.languages import NOT_LET_IN, severities

_TEXT = rb'((?:"(?:[^"]++|"")*+")?+)'
_HEAD = re.compile(
    rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d]*+ [^,\"\n]++,"
    + _TEXT
    + b","
    + _TEXT
    + rb",\d*+,"
    + _TEXT
    + rb",[0-9a-f.]*+,\d*+,"
)
"""The beginning of a row, up to the line number. A text inside a field can look like it: see :func:`_begins`."""
_UNFORGED = re.compile(rb'"(?:"")*+[^",\n]')
"""The beginning of a field with content: an odd number of quotes. Inside a field every quote is doubled
(appendCSVLiteral() in csvlog.c), so a client can write an empty field or quotes alone, but an odd number only where its
text ends, and there the next column or the end of the row follows.
"""
_NOBODYS = re.compile(rb",[^,\"\n]*+,[^,\"\n]*+,\d*+,[^,\"\n]++,[0-9A-Z]{5}," + _UNFORGED.pattern)
"""What follows in the row of a process without a client: no command, then times and severity, then the message."""
_ROW = re.compile(rb'(?:[^"\n]++|"(?:[^"]++|"")*+")*+\n')
_COLUMNS = 23
"""The columns of 13 that are needed here, up to the application's name."""


def _begins(data: bytes, place: int) -> bool:
    """Whether a row begins here, and not a text of a client that imitates one: a name or message has to follow."""
    head = _HEAD.match(data, place)
    if head is None:
        return False
    return any(map(_UNFORGED.match, head.groups())) or _NOBODYS.match(data, head.end()) is not None


class CsvLog:
    """The format csvlog."""

    name = "csvlog"
    tells_state = True

    def start(self, data: bytes, place: int) -> int:
        """Where the row with this place begins; 0 where that is before the data."""
        begin = data.rfind(b"\n", 0, place) + 1
        while begin and not _begins(data, begin):
            begin = data.rfind(b"\n", 0, begin - 1) + 1
        return begin

    def end(self, data: bytes, start: int, *, final: bool) -> int:
        """Where the row that begins here ends; -1 where that is after the data."""
        found = _ROW.match(data, start)
        if found is not None:
            return found.end()
        return len(data) if final else -1

    def read(self, raw: bytes) -> Entry | None:
        """The entry of a row; None where it is none."""
        csv.field_size_limit(2**31 - 1)
        try:
            row = next(csv.reader(io.StringIO(raw.decode("utf-8", "replace"), newline="")), [])
        except csv.Error:
            return None
        if len(row) < _COLUMNS or not _begins(raw, 0):
            return None
        return Entry(
            at=row[0],
            user=row[1],
            database=row[2],
            client=client_of(row[4] if row[4].startswith("[") or ":" not in row[4] else row[4].rpartition(":")[0]),
            session=row[5] or row[3],
            tag=row[7],
            vxid=row[9],
            severity=severities().get(row[11], row[11]),
            sqlstate=row[12],
            message=row[13],
            detail=row[14],
            context=row[18],
            statement=row[19],
            application=row[22],
        )

    def errors(self) -> tuple[bytes, ...]:
        """Bytes of which one is in every entry about a statement that was refused or had no effect."""
        return (b",42501,", b",01007,", b",01006,", b",42601,")

    def failed_logins(self) -> tuple[bytes, ...]:
        """Bytes of which one is in every entry about a failed login."""
        return tuple(f",{state},".encode() for state in sorted(NOT_LET_IN))

    def key(self, session: str) -> bytes:
        """Bytes that are in every entry of a session."""
        return f",{session},".encode()


def is_csv(sample: bytes) -> bool:
    """Whether it looks like csvlog."""
    if not _begins(sample, 0):
        return False
    found = _ROW.match(sample)
    return found is not None and CsvLog().read(found[0]) is not None
