"""csvlog: a row per entry, whose texts may go over many lines (manual, "Using CSV-Format Log Output")."""

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
"""How a row begins, up to the number of its line. A text inside a field can look like it: :func:`_begins`."""
_UNFORGED = re.compile(rb'"(?:"")*+[^",\n]')
"""The beginning of a text that is there: an odd number of quotes. Inside a field every quote is doubled
(appendCSVLiteral() in csvlog.c), so a client can write what is empty there, or quotes alone; an odd number only where
his text ends, and there the next column follows, or the end of the row."""
_NOBODYS = re.compile(rb",[^,\"\n]*+,[^,\"\n]*+,\d*+,[^,\"\n]++,[0-9A-Z]{5}," + _UNFORGED.pattern)
"""What follows in a row of a process without a client: no command, then times and severity, then its message."""
_ROW = re.compile(rb'(?:[^"\n]++|"(?:[^"]++|"")*+")*+\n')
_COLUMNS = 23
"""Those of 13's that everything here needs, up to the application's name."""


def _begins(data: bytes, place: int) -> bool:
    """Whether a row begins here, and not what a client wrote to look like one: a name or message says so."""
    head = _HEAD.match(data, place)
    if head is None:
        return False
    return any(map(_UNFORGED.match, head.groups())) or _NOBODYS.match(data, head.end()) is not None


class CsvLog:
    """The format."""

    name = "csvlog"
    tells_role = tells_state = True

    def start(self, data: bytes, place: int) -> int:
        """Where the row begins that holds a place; 0 where that lies before the data."""
        begin = data.rfind(b"\n", 0, place) + 1
        while begin and not _begins(data, begin):
            begin = data.rfind(b"\n", 0, begin - 1) + 1
        return begin

    def end(self, data: bytes, start: int, *, final: bool) -> int:
        """Where the row ends that begins here; -1 where that lies behind the data."""
        found = _ROW.match(data, start)
        if found is not None:
            return found.end()
        return len(data) if final else -1

    def read(self, raw: bytes) -> Entry | None:
        """What a row says; None where it is none."""
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
        """What stands in the entries of statements that were refused or did nothing."""
        return (b",42501,", b",01007,", b",01006,", b",42601,")

    def failed_logins(self) -> tuple[bytes, ...]:
        """What stands in the entries of logins that failed."""
        return tuple(f",{state},".encode() for state in sorted(NOT_LET_IN))

    def key(self, session: str) -> bytes:
        """What stands in every entry of a session."""
        return f",{session},".encode()


def is_csv(sample: bytes) -> bool:
    """Whether it looks like csvlog."""
    if not _begins(sample, 0):
        return False
    found = _ROW.match(sample)
    return found is not None and CsvLog().read(found[0]) is not None
