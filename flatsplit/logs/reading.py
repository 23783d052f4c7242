"""Which format a log is in, and its entries one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from flatsplit.logs.csvlog import CsvLog, is_csv
from flatsplit.logs.entry import Entry
from flatsplit.logs.jsonlog import JsonLog, is_json
from flatsplit.logs.stderr import sniff_stderr

SAMPLE = 64 * 1024
"""Bytes that tell the format."""


class Format(Protocol):
    """One of the three formats."""

    @property
    def name(self) -> str:
        """Csvlog, jsonlog or stderr."""

    @property
    def tells_role(self) -> bool:
        """Whether an entry says who logged in."""

    @property
    def tells_state(self) -> bool:
        """Whether an entry says its SQLSTATE."""

    def start(self, data: bytes, place: int) -> int:
        """Where the entry begins that holds a place."""

    def end(self, data: bytes, start: int, *, final: bool) -> int:
        """Where the entry ends that begins here; -1 where the data does not tell."""

    def read(self, raw: bytes) -> Entry | None:
        """What it says; None where it is none."""

    def errors(self) -> tuple[bytes, ...]:
        """Bytes of which one stands in every entry about a statement that was refused or did nothing."""

    def failed_logins(self) -> tuple[bytes, ...]:
        """Bytes of which one stands in every entry about a login that failed for its password, or for its role."""

    def key(self, session: str) -> bytes:
        """Bytes that stand in every entry of a session, and perhaps in others."""


def sniff(sample: bytes, prefix: str | None = None) -> Format | None:
    """The format of a log by its beginning; ``prefix``: log_line_prefix where it is known. None for no log."""
    sample = sample.removeprefix(b"\xef\xbb\xbf")
    if is_csv(sample):
        return CsvLog()
    if is_json(sample):
        return JsonLog()
    return sniff_stderr(sample, prefix)


def entries(data: bytes, form: Format) -> Iterator[Entry]:
    """Every entry of a log that is in memory."""
    place = 0
    while place < len(data):
        end = form.end(data, place, final=True)
        entry = form.read(data[place:end])
        if entry is not None:
            yield entry
        place = max(end, place + 1)
