"""Logs as collectors store them: each line inside a line of syslog or of a container's log.

What is around a line is removed, and the server's own stderr, csvlog or jsonlog is left. Known are syslog and journald
(``journalctl``, also ``-o json``), the files of Docker and of CRI (Kubernetes), the output of ``docker compose logs``
and ``kubectl logs --timestamps``, exports of Cloud Logging, and CloudNativePG.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from flatsplit.errors import UsageError

Wrapping: TypeAlias = Callable[[Sequence[bytes]], list[bytes]]
"""Turns lines, each with its line feed, into what is in them. The line feed may be missing where a line is
continued.
"""

_ISO = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)"
_CONTAINER = re.compile(_ISO + rb" (?:(?:stdout|stderr) (?P<part>[FP]) )?")
_COMPOSE = re.compile(rb"[\w.-]+[-_]\d+ +\| ")
_SYSLOG = re.compile(
    rb"(?:<\d+>)?(?:1 )?(?P<at>[A-Z][a-z][a-z] [ \d]\d \d\d:\d\d:\d\d|" + _ISO + rb") \S+ "
    rb"(?P<program>[^\s\[\]:]+)(?:\[(?P<pid>\d+)\])?: (?:\[\d+-(?P<chunk>\d+)\] )?"
)
_BLOB = re.compile(rb"\[[\d.]+[BKMG] blob data\]\s*")
"""How journalctl shows a message with a character that cannot be printed; clients can cause that."""
_OWN = b"postgres"
_TEXTS = ("log", "MESSAGE", "textPayload")
"""The keys under which an object has the line: Docker's json-file, journald, Cloud Logging."""
_KEYS = {
    "timestamp": "log_time",
    "user": "user_name",
    "dbname": "database_name",
    "pid": "process_id",
    "session_id": "session_id",
    "ps": "command_tag",
    "vxid": "virtual_transaction_id",
    "error_severity": "error_severity",
    "state_code": "sql_state_code",
    "message": "message",
    "detail": "detail",
    "context": "context",
    "statement": "query",
    "application_name": "application_name",
}
"""Columns of jsonlog, with the names that CloudNativePG gives them, which are those of csvlog."""


def wrappings(sample: bytes) -> list[Wrapping]:
    """What has to be removed from the lines of a log that begins like this, the outermost first."""
    found: list[Wrapping] = []
    lines = sample[: sample.rfind(b"\n") + 1].splitlines(keepends=True)[:200]
    while lines and len(found) < 3:
        each = _wrapping(lines)
        if each is None:
            break
        found.append(each)
        lines = b"".join(each(lines)).splitlines(keepends=True)
    return found


def _wrapping(lines: Sequence[bytes]) -> Wrapping | None:
    most = len(lines) * 8 // 10
    programs = [head["program"] for line in lines if (head := _SYSLOG.match(line)) is not None]
    if len(programs) > most:
        return partial(_of_syslog, own=any(_OWN in program for program in programs))
    for pattern, wrapping in ((_COMPOSE, _of_compose), (_CONTAINER, _of_container)):
        if sum(pattern.match(line) is not None for line in lines) > most:
            return wrapping
    rows = [row for line in lines if (row := _object(line))]
    if any("error_severity" in row for row in rows):
        return None  # the server's own
    return _of_objects if len(rows) > most and any(map(_text, rows)) else None


def _of_syslog(lines: Sequence[bytes], *, own: bool) -> list[bytes]:
    """The lines inside those of syslog. The server splits long ones at a blank, and others at line feeds
    (write_syslog() in elog.c).

    ``own``: only lines of programs with the server's name; otherwise syslog_ident is another.
    """
    found: list[bytes] = []
    for line in lines:
        head = _SYSLOG.match(line)
        if head is None or (own and _OWN not in head["program"]):
            continue
        if _BLOB.fullmatch(line, head.end()):
            raise _left_out()
        # Rsyslog's; no other, so that a client's text cannot end a line
        text = line[head.end() :].replace(b"#011", b"\t")
        if text.startswith(b" ") and (head["chunk"] or b"1") != b"1" and found:
            found[-1] = found[-1].rstrip(b"\n") + text
            continue
        if head["pid"] and not text.startswith(b"\t") and b"[%s]" % head["pid"] not in text[:200]:
            at = head["at"].replace(b"T", b" ", 1)[:19] + b" UTC" if head["at"].endswith((b"Z", b"+00:00")) else b""
            text = b"%s [%s] %s" % (at, head["pid"], text)
        found.append(text)
    return found


def _of_container(lines: Sequence[bytes]) -> list[bytes]:
    found = []
    for line in lines:
        head = _CONTAINER.match(line)
        text = line[head.end() :] if head is not None else line
        found.append(text.rstrip(b"\n") if head is not None and head["part"] == b"P" else text)
    return found


def _of_compose(lines: Sequence[bytes]) -> list[bytes]:
    return [line[head.end() :] if (head := _COMPOSE.match(line)) is not None else line for line in lines]


def _of_objects(lines: Sequence[bytes]) -> list[bytes]:
    return [_text(_object(line)).encode("utf-8", "replace") for line in lines]


def _object(line: bytes) -> Mapping[str, Any]:
    try:
        row = json.loads(line.decode("utf-8", "replace")) if line.startswith(b"{") else None
    except (ValueError, RecursionError):
        row = None
    return row if isinstance(row, dict) else {}


def _text(row: Mapping[str, Any]) -> str:
    record = row.get("record")
    if isinstance(record, dict) and "error_severity" in record:
        return _of_record(record)
    for key in _TEXTS:
        text = _journalled(row[key]) if key == "MESSAGE" and key in row else row.get(key)
        if isinstance(text, str):
            return text if key == "log" or text.endswith("\n") else f"{text}\n"
    return ""


def _journalled(message: Any) -> Any:
    """A message as ``journalctl -o json`` writes it (systemd, Journal JSON Format).

    That is a list of bytes where one cannot be printed, and null where it is long, which raises UsageError since a
    client can cause it.
    """
    if message is None:
        raise _left_out()
    try:
        return bytes(message).decode("utf-8", "replace") if isinstance(message, list) else message
    except (TypeError, ValueError):
        return "\n".join(map(str, message))


def _left_out() -> UsageError:
    return UsageError(
        "the log has messages that journalctl left out, as too long or not printable", "write it with journalctl --all"
    )


def _of_record(record: Mapping[str, Any]) -> str:
    """A record of CloudNativePG as a line of jsonlog."""
    written = {key: record[name] for key, name in _KEYS.items() if record.get(name)}
    host = str(record.get("connection_from") or "")
    written["remote_host"] = host if host.startswith("[") else host.rpartition(":")[0] or host
    audit = record.get("audit")
    if isinstance(audit, dict):
        written["message"] = f"AUDIT: {_of_audit(audit)}"
    return json.dumps(written, ensure_ascii=False, separators=(",", ":")) + "\n"


def _of_audit(audit: Mapping[str, Any]) -> str:
    out = io.StringIO()
    keys = ("audit_type", "statement_id", "substatement_id", "class", "command", "object_type", "object_name")
    csv.writer(out, lineterminator="").writerow([audit.get(key, "") for key in (*keys, "statement", "parameter")])
    return out.getvalue()
