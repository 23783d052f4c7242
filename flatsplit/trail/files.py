"""Logs in files: one, a folder of them, rotated, compressed."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from flatsplit.errors import UsageError
from flatsplit.logs import SAMPLE, Format, sniff

_PREFERRED = {".json": 0, ".csv": 1, ".log": 2}
"""Where the server writes the same entries in several formats, the one that says most."""


@dataclass(frozen=True)
class LogFile:
    """A log that can be read."""

    path: Path
    form: Format
    size: int


def log_files(paths: Iterable[Path], since: datetime | None, prefix: str | None) -> list[LogFile]:
    """The logs that these paths name, the oldest first; of a folder, those in it that were written to ``since``."""
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
    return found


def _folder(folder: Path, since: datetime | None, prefix: str | None) -> list[LogFile]:
    try:
        entries = [entry for entry in folder.iterdir() if entry.is_file()]
    except OSError as error:
        raise UsageError(f"{folder} cannot be read ({error.strerror})", "name a readable folder with --log") from None
    found = []
    for entry in sorted(entries, key=lambda entry: (entry.stat().st_mtime, entry.name)):
        if since is not None and datetime.fromtimestamp(entry.stat().st_mtime, UTC) < since:
            continue
        form = _form(entry, prefix)
        if form is not None:
            found.append(LogFile(entry, form, entry.stat().st_size))
    best: dict[str, int] = {}
    for each in found:
        best[_stem(each.path)] = min(best.get(_stem(each.path), 9), _rank(each.path))
    found = [each for each in found if _rank(each.path) == best[_stem(each.path)]]
    if not found:
        raise UsageError(f"{folder} holds no log of a PostgreSQL server", "name the log itself with --log")
    return found


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").rpartition(".")[0]


def _rank(path: Path) -> int:
    return _PREFERRED.get(Path(path.name.removesuffix(".gz")).suffix, 2)


def _form(path: Path, prefix: str | None) -> Format | None:
    try:
        with path.open("rb") as raw, unpacked(raw) as stream:
            sample = stream.read(SAMPLE)
    except (OSError, EOFError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged"
        raise UsageError(f"{path} cannot be read ({reason})", "name a readable file with --log") from None
    return sniff(sample, prefix)


@contextmanager
def unpacked(raw: BinaryIO) -> Iterator[BinaryIO]:
    """The bytes of a log that is open, decompressed."""
    packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    if packed:
        with gzip.GzipFile(fileobj=raw) as stream:
            yield cast(BinaryIO, stream)
    else:
        yield raw
