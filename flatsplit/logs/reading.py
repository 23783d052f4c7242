"""Recognises the format of a log, and reads its entries one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from flatsplit.logs.csvlog import CsvLog, is_csv
from flatsplit.logs.entry import Entry
from flatsplit.logs.jsonlog import JsonLog, is_json
from flatsplit.logs.stderr import sniff_stderr

SAMPLE = 64 * 1024
"""Bytes that are looked at to recognise the format."""


class Format(Protocol):
    """One of the three formats."""

    @property
    def name(self) -> str:
        """csvlog, jsonlog or stderr."""

    @property
    def tells_state(self) -> bool:
        """Whether an entry has its SQLSTATE."""

    def start(self, data: bytes, place: int) -> int:
        """Where the entry with this place begins."""

    def end(self, data: bytes, start: int, *, final: bool) -> int:
        """Where the entry that begins here ends; -1 where the data does not show it."""

    def read(self, raw: bytes) -> Entry | None:
        """The entry; None where it is none."""

    def errors(self) -> tuple[bytes, ...]:
        """Bytes of which one is in every entry about a statement that was refused or had no effect."""

    def failed_logins(self) -> tuple[bytes, ...]:
        """Bytes of which one is in every entry about a login that failed, by its password or its role."""

    def key(self, session: str) -> bytes:
        """Bytes that are in every entry of a session, and perhaps in others."""


def sniff(sample: bytes, prefix: str | None = None) -> Format | None:
    """The format of a log by its beginning; None where it is none. ``prefix``: log_line_prefix, where it is known."""
    sample = sample.removeprefix(b"\xef\xbb\xbf")
    if is_csv(sample):
        return CsvLog()
    if is_json(sample):
        return JsonLog()
    return sniff_stderr(sample, prefix)


def entries(data: bytes, form: Format) -> Iterator[Entry]:
    """All entries of a log in memory."""
    place = 0
    while place < len(data):
        end = form.end(data, place, final=True)
        entry = form.read(data[place:end])
        if entry is not None:
            yield entry
        place = max(end, place + 1)
