"""jsonlog (15 and later): an object on each line (manual, "Using JSON-Format Log Output")."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flatsplit.logs.entry import Entry, client_of, text_of
from flatsplit.logs.languages import NOT_LET_IN, severities


class JsonLog:
    """The format jsonlog."""

    name = "jsonlog"
    tells_state = True

    def start(self, data: bytes, place: int) -> int:
        """Where the line with this place begins."""
        return data.rfind(b"\n", 0, place) + 1

    def end(self, data: bytes, start: int, *, final: bool) -> int:
        """Where the line that begins here ends; -1 where that is after the data."""
        found = data.find(b"\n", start)
        if found >= 0:
            return found + 1
        return len(data) if final else -1

    def read(self, raw: bytes) -> Entry | None:
        """The entry of a line; None where it is none."""
        try:
            row = json.loads(raw.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None
        return of_row(row) if isinstance(row, dict) and "error_severity" in row else None

    def errors(self) -> tuple[bytes, ...]:
        """Bytes of which one is in every entry about a statement that was refused or had no effect."""
        return (b'"42501"', b'"01007"', b'"01006"', b'"42601"')

    def failed_logins(self) -> tuple[bytes, ...]:
        """Bytes of which one is in every entry about a failed login."""
        return tuple(f'"{state}"'.encode() for state in sorted(NOT_LET_IN))

    def key(self, session: str) -> bytes:
        """Bytes that are in every entry of a session."""
        return f'"session_id":"{session}"'.encode()


def of_row(row: Mapping[str, Any]) -> Entry:
    """The entry for an object."""
    severity = text_of(row.get("error_severity"))
    return Entry(
        at=text_of(row.get("timestamp")),
        user=text_of(row.get("user")),
        database=text_of(row.get("dbname")),
        client=client_of(text_of(row.get("remote_host"))),
        session=text_of(row.get("session_id") or row.get("pid")),
        tag=text_of(row.get("ps")),
        vxid=text_of(row.get("vxid")),
        severity=severities().get(severity, severity),
        sqlstate=text_of(row.get("state_code")),
        message=text_of(row.get("message")),
        detail=text_of(row.get("detail")),
        context=text_of(row.get("context")),
        statement=text_of(row.get("statement")),
        application=text_of(row.get("application_name")),
    )


def is_json(sample: bytes) -> bool:
    """Whether it looks like jsonlog."""
    return sample.startswith(b"{") and JsonLog().read(sample.partition(b"\n")[0]) is not None
