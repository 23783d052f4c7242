"""The server as a source: its log, read by SQL where the role may, and pg_stat_statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, NamedTuple, TypeAlias

import psycopg
from psycopg import sql

from flatsplit import resources
from flatsplit.logs import SAMPLE, sniff
from flatsplit.logs.scan import CHUNK
from flatsplit.model import versions
from flatsplit.rehearsal.catalog_lookup import question
from flatsplit.rehearsal.values import is_asked
from flatsplit.trail.acts import acts
from flatsplit.trail.reading import LogSearch, Progress, search_chunks
from flatsplit.trail.search import Search, is_watched
from flatsplit.trail.times import written, zone_named
from flatsplit.trail.values import Deed, Source

Written: TypeAlias = tuple[str, int, datetime]
"""A file of the log: its name, its size, and when it was last written."""

_PREFERRED = {".json": 0, ".csv": 1, ".log": 2}
_STATISTICS = """
SELECT u.rolname::text, s.query, s.calls::bigint, {since}
FROM {function}(true) AS s
JOIN pg_catalog.pg_roles AS u ON u.oid = s.userid
WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
  AND strpos(lower(s.query COLLATE "C"), ANY_NEEDLE) > 0
ORDER BY 1, 2
"""


@dataclass
class ServerLogging:
    """How a server logs, as far as its settings can be seen."""

    conn: psycopg.Connection[Any]
    settings: dict[str, str] = field(default_factory=dict)

    @classmethod
    def ask(cls, conn: psycopg.Connection[Any]) -> ServerLogging:
        """The settings that this role may see."""
        query = resources.query(__package__, "settings")
        return cls(conn, dict(conn.execute(query).fetchall()))

    @property
    def prefix(self) -> str | None:
        """log_line_prefix."""
        return self.settings.get("log_line_prefix")

    @property
    def zone(self) -> tzinfo | None:
        """The zone of the times in the log."""
        return zone_named(self.settings.get("log_timezone", ""))

    def begin_as(self) -> dict[str, str]:
        """By login, the role that its sessions begin as, where a setting says so."""
        rows = self.conn.execute(resources.query(__package__, "begin_as")).fetchall()
        return {role: become for role, become in rows if become != "none"}

    def log(self, search: LogSearch, progress: Progress, tail: int | None = None) -> tuple[list[Source], str]:
        """Search the server's own log, or its last ``tail`` bytes as far back as is asked for. Returns what was read,
        and why nothing was; "" where it was.
        """
        if self.settings.get("logging_collector") == "off":
            return (
                [],
                "the server writes its log to standard error (logging_collector is off): name the file with --log",
            )
        folder = self.settings.get("log_directory")
        since = search.since if tail is None else None  # the times of the files tell how far back a tail reaches
        try:
            listed = self.conn.execute(resources.query(__package__, "logs"), {"since": since}).fetchall()
        except psycopg.errors.InsufficientPrivilege:
            return [], "this role may not list the server's log (pg_monitor may), so name the files with --log"
        except psycopg.Error as error:
            return [], f"the server's log cannot be listed: {error.diag.message_primary}"
        if folder is None:
            return [], "this role may not see log_directory (pg_read_all_settings may), so name the files with --log"
        files = [LogEnd(name, size, 0) for name, size, _ in _best(listed)]
        if tail is not None:
            files = newest(_best(listed), search.since, tail)
        total, done = sum(part.size - part.place for part in files), 0
        sources: list[Source] = []
        for name, size, place in files:
            path = f"{folder}/{name}"
            try:
                source = self._file(path, name, search, place)
            except psycopg.errors.InsufficientPrivilege:
                return sources, (
                    "this role may not read the server's log: it takes pg_read_server_files and "
                    "GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file(text, bigint, bigint)"
                )
            except psycopg.errors.UndefinedFile:
                continue  # rotated away meanwhile
            done += size - place
            progress(done, total)
            if source is not None:
                sources.append(source)
            elif tail is not None:
                sources.clear()  # where one tells nothing, what is before it is not everything since then
        return sources, "" if sources else f"the server's log holds nothing ({len(files)} files)"

    def _file(self, path: str, name: str, search: LogSearch, place: int) -> Source | None:
        chunks = self._chunks(path, place)
        first = next(chunks, b"")
        form = sniff(first[:SAMPLE] if not place else next(self._chunks(path, 0, SAMPLE), b""), self.prefix)
        if form is None:
            return None

        def all_of_it() -> Iterator[bytes]:
            yield first
            yield from chunks

        return search_chunks(all_of_it(), form, search, f"server: {name}")

    def _chunks(self, path: str, place: int, size: int = CHUNK) -> Iterator[bytes]:
        query = resources.query(__package__, "chunk")
        while True:
            with self.conn.cursor(binary=True) as cursor:
                row = cursor.execute(query, (path, place, size)).fetchone()
            chunk = bytes(row[0]) if row is not None and row[0] is not None else b""
            if not chunk:
                return
            place += len(chunk)
            yield chunk

    def statistics(self, search: Search) -> tuple[list[Source], str]:
        """What pg_stat_statements knows: which role ran it, but not when, and not whether it was rolled back."""
        rows = self.conn.execute(question("statistics").encode()).fetchall()
        if not rows or not rows[0][1] or not rows[0][2]:
            return [], "pg_stat_statements is not there, which would say who ran it"
        since = (
            "s.stats_since"
            if versions.major_of(self.conn.info.server_version) >= versions.STATEMENTS_SINCE
            else "NULL::timestamptz"
        )
        query = sql.SQL(_STATISTICS.replace("ANY_NEEDLE", "%(needle)s")).format(
            since=sql.SQL(since), function=sql.Identifier(rows[0][0], "pg_stat_statements")
        )
        needle = max((each.decode() for each in search.asked.needles()), key=len, default="")
        found = self.conn.execute(query, {"needle": needle}).fetchall()
        for role, text, calls, first in found:
            if text is not None and not (role in search.own and is_asked(text)):
                self._counted(search, role, text, calls, first)
        return [Source("pg_stat_statements", "pg_stat_statements")], ""

    def _counted(self, search: Search, role: str, text: str, calls: int, first: datetime | None) -> None:
        for act in acts(text):
            if not is_watched(act, search.asked):
                continue
            deed = Deed.of(act, "maybe rolled back", "pg_stat_statements", at=written(first), acting_as=role)
            deed.statement, deed.calls = text, calls
            search.deeds.append(deed)


class LogEnd(NamedTuple):
    """A file of the log, and the position from which it is read."""

    name: str
    size: int
    place: int


def newest(listed: Sequence[Written], since: datetime | None, tail: int) -> list[LogEnd]:
    """The last ``tail`` bytes of all files, the oldest first, back to the time that is asked for.

    The end of a file that was not written to since then is read as well, which shows that nothing was logged in
    between. Without a time the newest file is enough.
    """
    found: list[LogEnd] = []
    for name, size, modified in reversed(listed):
        if tail <= 0:
            break
        before = since is not None and modified < since
        wanted = min(size, tail if not found or not before else min(tail, SAMPLE))
        found.insert(0, LogEnd(name, size, size - wanted))
        tail -= wanted
        if since is None or before or wanted < size:
            break
    return found


def _best(listed: Sequence[Written]) -> list[Written]:
    """Of files with the same entries in several formats, those in the best format."""

    def split(name: str) -> tuple[str, int]:
        stem, dot, suffix = name.rpartition(".")
        return (stem, _PREFERRED[dot + suffix]) if dot + suffix in _PREFERRED else (name, 2)

    best: dict[str, int] = {}
    for name, _, _ in listed:
        stem, rank = split(name)
        best[stem] = min(best.get(stem, 9), rank)
    return [each for each in listed if split(each[0])[1] == best[split(each[0])[0]]]
