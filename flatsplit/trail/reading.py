"""Reads all available logs one after the other, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import BinaryIO, Protocol, TypeAlias

from flatsplit.errors import UsageError
from flatsplit.logs import Format, Scan
from flatsplit.logs.scan import CHUNK
from flatsplit.trail.files import UNREADABLE, LogFile, unpacked
from flatsplit.trail.times import moment, written
from flatsplit.trail.values import Source

Progress: TypeAlias = Callable[[int, int], None]
"""Called with how many of how many bytes are done."""


_PART = 1000
"""Lines that may belong to an entry whose beginning was not read."""


class LogSearch(Protocol):
    """A search in logs, which keeps what it finds."""

    source: str
    """The log that is being read."""
    since: datetime | None
    zone: tzinfo | None

    def scan(self, form: Format) -> Scan:
        """A scan to feed a log to."""


def read_files(
    files: Iterable[LogFile], search: LogSearch, progress: Progress, tail: int | None = None
) -> list[Source]:
    """Search logs in files, or the last ``tail`` bytes of each; returns what they are."""
    files = list(files)
    total, done = sum(file.size for file in files), 0
    sources = []
    for file in files:
        try:
            with file.path.open("rb") as raw, unpacked(raw) as stream:
                if tail is not None and stream is raw:
                    raw.seek(max(0, file.size - tail))
                chunks = _chunks(stream.read, _Told(progress, raw, done, total))
                sources.append(search_chunks(chunks, file.form, search, str(file.path)))
        except UNREADABLE as error:
            raise UsageError(f"{file.path} cannot be read to its end ({error})", "copy it anew") from None
        done += file.size
        progress(done, total)
    return sources


@dataclass(frozen=True)
class _Told:
    """Reports how far a file has been read, also a compressed one."""

    progress: Progress
    raw: BinaryIO
    before: int
    total: int

    def __call__(self) -> None:
        self.progress(self.before + self.raw.tell(), self.total)


def _chunks(read: Callable[[int], bytes], told: Callable[[], None]) -> Iterator[bytes]:
    while chunk := read(CHUNK):
        yield chunk
        told()


def search_chunks(chunks: Iterable[bytes], form: Format, search: LogSearch, name: str) -> Source:
    """Search a log that comes in pieces from elsewhere."""
    search.source = name
    return replace(_search(chunks, form, search), name=name)


def _begins(data: bytes, form: Format) -> str:
    """The time of the first entry; in the middle of a log, of the first complete one."""
    place = 0
    for _ in range(_PART):
        entry = form.read(data[place : form.end(data, place, final=True)])
        if entry is not None and entry.at:
            return entry.at
        place = data.find(b"\n", place) + 1
        if not place:
            break
    return ""


def _search(chunks: Iterable[bytes], form: Format, search: LogSearch) -> Source:
    scan = search.scan(form)
    begins = ""
    for number, chunk in enumerate(chunks):
        if number == 0:
            begins = _begins(chunk, form)
        scan.feed(chunk, final=False)
    scan.feed(b"", final=True)
    last = scan.latest()
    ends = last.at if last is not None else ""
    return Source(
        "",
        f"server log ({form.name})",
        written(moment(begins, search.zone), begins),
        written(moment(ends, search.zone), ends),
    )
