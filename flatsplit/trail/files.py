"""Logs in files: a single one, or a folder, also rotated and compressed."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import shlex
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from flatsplit.errors import UsageError
from flatsplit.logs import SAMPLE, Format, sniff
from flatsplit.logs.wrapped import Wrapping, wrappings

_PREFERRED = {".json": 0, ".csv": 1, ".log": 2}
"""Where the server writes the same entries in several formats, the one with the most in it."""
_NAME = re.compile(r"(?P<base>.+?)(?P<kind>\.json|\.csv|\.log)?(?P<turn>(?:[.-]\d+)*)(?:\.gz|\.bz2|\.xz)?", re.DOTALL)
"""The name of a log, with what logrotate appends."""


@dataclass(frozen=True)
class LogFile:
    """A log that can be read."""

    path: Path
    form: Format
    size: int


def log_files(paths: Iterable[Path], since: datetime | None, prefix: str | None) -> list[LogFile]:
    """The logs that these paths name, the oldest first; of a folder, those written to ``since``."""
    found: list[LogFile] = []
    for path in paths:
        if path.is_dir():
            found += _folder(path, since, prefix)
            continue
        form = _form(path, prefix)
        if form is None:
            raise UsageError(
                f"{path} is no log of a PostgreSQL server",
                "name a file in the format stderr, csvlog or jsonlog with --log",
            )
        found.append(LogFile(path, form, path.stat().st_size))
    return _best(found)


def _folder(folder: Path, since: datetime | None, prefix: str | None) -> list[LogFile]:
    try:
        entries = [entry for entry in folder.iterdir() if entry.is_file()]
    except OSError as error:
        raise UsageError(f"{folder} cannot be read ({error.strerror})", "name a readable folder with --log") from None
    found = []
    plain = {entry.name for entry in entries}
    # A log that is being packed, or was packed and kept: the packed one is the same once more, or half of it
    entries = [one for one in entries if one.suffix not in _SUFFIXES or one.name.removesuffix(one.suffix) not in plain]
    for entry in sorted(entries, key=lambda entry: (entry.stat().st_mtime, entry.name)):
        if since is not None and datetime.fromtimestamp(entry.stat().st_mtime, UTC) < since:
            continue
        form = _form(entry, prefix)
        if form is not None:
            found.append(LogFile(entry, form, entry.stat().st_size))
    if not found:
        raise UsageError(f"{folder} holds no log of a PostgreSQL server", "name the log itself with --log")
    return found


def _best(found: Sequence[LogFile]) -> list[LogFile]:
    """Of logs with the same entries in several formats, those in the best format."""
    best: dict[tuple[Path, str, str], int] = {}
    told = [(each, *_said(each.path)) for each in found]
    for _, stem, rank in told:
        best[stem] = min(best.get(stem, 9), rank)
    return [each for each, stem, rank in told if rank == best[stem]]


def _said(path: Path) -> tuple[tuple[Path, str, str], int]:
    """What a name tells: which entries the log has, and the rank of its format."""
    parts = _NAME.fullmatch(path.name)
    assert parts is not None
    return (path.parent, parts["base"], parts["turn"]), _PREFERRED.get(parts["kind"] or "", 2)


def _form(path: Path, prefix: str | None) -> Format | None:
    try:
        with path.open("rb") as raw, unpacked(raw) as stream:
            sample = stream.read(SAMPLE)
            if sample.startswith(_ZSTD):
                raise UsageError(f"{path} is packed with zstd", f"unpack it with `zstd -d {shlex.quote(str(path))}`")
    except UNREADABLE as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged"
        raise UsageError(f"{path} cannot be read ({reason})", "name a readable file with --log") from None
    return sniff(sample, prefix)


_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
_PACKED: dict[bytes, Callable[[BinaryIO], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
"""Openers of compressed files, by the bytes that these begin with."""
_ZSTD = b"\x28\xb5\x2f\xfd"
UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""Errors of reading a file, or of decompressing it."""


@contextmanager
def unpacked(raw: BinaryIO) -> Iterator[BinaryIO]:
    """The bytes of an open log, decompressed, and without what collectors put around each line."""
    begin = raw.read(8)
    raw.seek(0)
    opened = next((each for magic, each in _PACKED.items() if begin.startswith(magic)), None)
    with ExitStack() as stack:
        stream = raw if opened is None else cast(BinaryIO, stack.enter_context(opened(raw)))
        sample = stream.read(SAMPLE)
        taken_off = wrappings(sample)
        if taken_off:
            yield cast(BinaryIO, _Unwrapped(stream, sample, taken_off))
            return
        stream.seek(0)
        yield stream


class _Unwrapped:
    """Reads a log without what is around its lines."""

    def __init__(self, stream: BinaryIO, begin: bytes, taken_off: Sequence[Wrapping]) -> None:
        self._stream = stream
        self._ahead: bytes | None = begin
        self._taken_off = taken_off
        self._rest = b""

    def read(self, size: int) -> bytes:
        """About as many bytes; none at the end."""
        while True:
            chunk = self._stream.read(size) if self._ahead is None else self._ahead
            self._ahead = None
            data = self._rest + chunk
            cut = data.rfind(b"\n") + 1 if chunk else len(data)
            data, self._rest = data[:cut], data[cut:]
            for each in self._taken_off:
                data = b"".join(each(data.splitlines(keepends=True)))
            if data or not chunk:
                return data
