"""Events, the story that events and actions tell together, and the journal as a file."""

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

from flatsplit import __version__
from flatsplit.connection import Session
from flatsplit.errors import UsageError
from flatsplit.journal import ledger, schema
from flatsplit.journal.records import ActionRecord, EventRecord
from flatsplit.journal.tables import SCHEMA, VERSION_TABLE, event

_PAGE = 2000

_EVENTS = """
SELECT id, at, kind, step, message, details, db_user, os_user, coalesce(host(client_addr), ''), os_host, tool_version
FROM flatsplit.event
WHERE id > %s AND (%s::text IS NULL OR kind = %s) AND (%s::text IS NULL OR step = %s) ORDER BY id LIMIT %s
"""


def tell(session: Session, kind: str, step: str | None, message: str, details: Mapping[str, Any] | None) -> None:
    """Add an event, with who is at work here as far as this machine and the server know."""
    values = {
        "kind": kind,
        "step": step,
        "message": message,
        "details": dict(details or {}),
        "os_user": os_user(),
        "os_host": socket.gethostname(),
        "tool_version": __version__,
    }
    session.sa.execute(event.insert().inline(), values)


def os_user() -> str:
    """The account that runs flatsplit, and the person behind sudo."""
    try:
        import pwd

        name = pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError, AttributeError):
        name = os.environ.get("USERNAME") or (f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown")
    behind = os.environ.get("SUDO_USER")
    return f"{name} (sudo by {behind})" if behind and behind != name else name


def events(session: Session, kind: str | None, step: str | None) -> Iterator[EventRecord]:
    """Events in the order in which they were written, a page at a time."""
    last = 0
    while page := session.driver.execute(_EVENTS, (last, kind, kind, step, step, _PAGE)).fetchall():
        yield from (EventRecord(*row) for row in page)
        last = page[-1][0]


def history(session: Session) -> Iterator[EventRecord | ActionRecord]:
    """Events and actions in the order of time; only a page of each is in memory."""
    return heapq.merge(events(session, None, None), ledger.actions(session), key=_moment)


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
