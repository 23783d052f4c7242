"""Events, the history that events and actions form together, and the journal as a file."""

from __future__ import annotations

import heapq
import json
import os
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from psycopg import sql
from psycopg.types.json import Jsonb

from flatsplit import __version__
from flatsplit.connection import Session
from flatsplit.errors import UsageError
from flatsplit.journal import ledger, recorded, rows, schema
from flatsplit.journal.layout import RECORDER, SCHEMA, VERSION_TABLE
from flatsplit.journal.records import ActionRecord, EventRecord

_PAGE = 2000

_EVENTS = """
SELECT e.id, e.at, e.kind, e.step, e.message, e.details, e.db_user, e.os_user, coalesce(host(e.client_addr), ''),
       e.os_host, e.tool_version, coalesce(concat_ws(':', c.kind, nullif(c.subject, '')), '')
FROM flatsplit.event AS e LEFT JOIN flatsplit.cutover AS c ON c.id = e.cutover_id
WHERE e.id > %s AND (%s::text IS NULL OR e.kind = %s) AND (%s::text IS NULL OR e.step = %s)
  AND (%s OR e.cutover_id IS NOT DISTINCT FROM %s::bigint) ORDER BY e.id LIMIT %s
"""


def tell(
    session: Session, walk: int | None, kind: str, step: str | None, message: str, details: Mapping[str, Any] | None
) -> None:
    """Add an event, with who is working here as far as this machine and the server know."""
    values = {
        "cutover_id": walk,
        "kind": kind,
        "step": step,
        "message": message,
        "details": Jsonb(dict(details or {})),
        "os_user": os_user(),
        "os_host": socket.gethostname(),
        "tool_version": __version__,
    }
    rows.add(session, "event", [values])


def os_user() -> str:
    """The account that runs flatsplit, and the person behind sudo."""
    try:
        import pwd

        name = pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError, AttributeError):
        name = os.environ.get("USERNAME") or (f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown")
    behind = os.environ.get("SUDO_USER")
    return f"{name} (sudo by {behind})" if behind and behind != name else name


def events(
    session: Session, kind: str | None, step: str | None, walk: int | None, *, everybody: bool = False
) -> Iterator[EventRecord]:
    """Events of one walk (None: those of no walk; ``everybody``: of all) in the order in which they were written, in
    pages.
    """
    last, more = 0, True
    while more:
        page = session.driver.execute(_EVENTS, (last, kind, kind, step, step, everybody, walk, _PAGE)).fetchall()
        yield from (EventRecord(*row) for row in page)
        more = len(page) == _PAGE
        last = page[-1][0] if more else last


def history(session: Session, walk: int | None) -> Iterator[EventRecord | ActionRecord]:
    """Events and actions (None: of all walks) in order of time; only a page of each is in memory."""
    told = events(session, None, None, walk, everybody=walk is None)
    return heapq.merge(told, ledger.actions(session, None, walk), key=_moment)


def _moment(record: EventRecord | ActionRecord) -> datetime:
    return record.at


def export(session: Session, path: Path) -> None:
    """Write every row of every table as a line of JSON into a new file that only its owner may read."""
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"{path} exists", "name a file that does not exist yet") from None
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}", "name a file in a folder that you may write to"
        ) from None
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            _write(session, file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink()
        raise


def _write(session: Session, file: IO[str]) -> None:
    head = {
        "flatsplit": __version__,
        "revision": schema.revision(session),
        "exported_at": datetime.now(UTC).isoformat(),
    }
    file.write(json.dumps(head) + "\n")
    for table in schema.tables(session):
        order = {"change": "action_id, ctid", VERSION_TABLE: "version_num"}.get(table, "id")
        name = sql.Identifier(SCHEMA, table)
        query = sql.SQL("SELECT to_json(t)::text FROM {} AS t ORDER BY {}").format(name, sql.SQL(order))
        with session.driver.cursor() as cursor:
            for (row,) in cursor.stream(query):
                file.write(f'{{"table": {json.dumps(table)}, "row": {row}}}\n')
    for row in recorded.rows(session):
        file.write(f'{{"table": {json.dumps(RECORDER)}, "row": {row}}}\n')
