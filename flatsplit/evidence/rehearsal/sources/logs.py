"""Server logs: the statements in them with who ran them, as csvlog, jsonlog or stderr."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flatsplit.connection import APPLICATION_NAME
from flatsplit.evidence.rehearsal import grammar
from flatsplit.evidence.rehearsal.values import Heard, is_own

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
# Columns of csvlog (manual, "Using CSV-Format Log Output")
_USER, _DATABASE, _SEVERITY, _MESSAGE, _APPLICATION = 1, 2, 11, 13, 22

_STATEMENT = re.compile(
    r"\A(?:duration: [\d.]+ ms\s+)?(?:statement|(?:execute|parse|bind) (?:<unnamed>|[^\n:]*)): (.*)\Z", re.DOTALL
)
_LINE = re.compile(
    r"^(?P<prefix>.*?)(?P<severity>LOG|ERROR|STATEMENT|DETAIL|HINT|WARNING|CONTEXT|FATAL|PANIC|NOTICE|INFO"
    r"|DEBUG\d?|QUERY|LOCATION):  (?P<message>.*)$"
)
_PREFIX_USER = re.compile(r"(?:user=(?P<user>[^,\s]*))|(?P<at>[^\s@,]+)@(?P<db>[^\s@,]+)")
_PREFIX_DATABASE = re.compile(r"\b(?:db|database)=([^,\s]*)")
_PREFIX_APPLICATION = re.compile(r"\b(?:app|application)=([^,\s]*)")

_SPELLED = re.compile(r"\b(nextval|currval|setval|lo_\w+|set_config|regclass|set|lock|truncate)\b", re.IGNORECASE)
"""Where a constant tells which object is meant, statements that differ in constants are different statements."""


@dataclass
class _Group:
    text: str
    calls: int = 0
    applications: Counter[str] = field(default_factory=Counter)


def is_csv(text: str) -> bool:
    """Whether it looks like csvlog."""
    if not _TIME.match(text):
        return False
    try:
        row = next(csv.reader(io.StringIO(text)), [])
    except csv.Error:
        return False
    return len(row) >= 23


def read_csv(text: str, roles: frozenset[str], database: str) -> list[Heard]:
    """Csvlog."""
    csv.field_size_limit(2**31 - 1)
    rows = (row for row in csv.reader(io.StringIO(text)) if len(row) > _APPLICATION)
    return _collect(
        (row[_MESSAGE], row[_APPLICATION])
        for row in rows
        if row[_SEVERITY] == "LOG" and row[_USER] in roles and row[_DATABASE] == database
    )


def read_json(rows: Iterable[dict[str, Any]], roles: frozenset[str], database: str) -> list[Heard]:
    """Jsonlog."""
    return _collect(
        (str(row.get("message", "")), str(row.get("application_name") or ""))
        for row in rows
        if row.get("error_severity") == "LOG" and row.get("user") in roles and row.get("dbname") == database
    )


def is_stderr(text: str) -> bool:
    """Whether it looks like a log on standard error."""
    return any(_LINE.match(line) and "LOG:  " in line for line in text.splitlines()[:200])


def read_stderr(text: str, roles: frozenset[str], database: str) -> list[Heard]:
    """stderr: log_line_prefix tells who it was, as ``user=…``, ``db=…``, ``app=…`` or ``user@db``, or nobody does."""
    return _collect(
        (message, application)
        for user, base, application, message in _entries(text)
        if user in (*roles, None) and base in (database, None)
    )


def _entries(text: str) -> Iterator[tuple[str | None, str | None, str, str]]:
    """Lines put together: what belongs to the one before begins with a tab."""
    current: tuple[str | None, str | None, str] | None = None
    message: list[str] = []
    for line in text.splitlines():
        match = _LINE.match(line) if not line.startswith("\t") else None
        if match is None:
            if current is not None:
                message.append(line.removeprefix("\t"))
            continue
        if current is not None:
            yield (*current, "\n".join(message))
        current = _who(match["prefix"]) if match["severity"] == "LOG" else None
        message = [match["message"]]
    if current is not None:
        yield (*current, "\n".join(message))


def _who(prefix: str) -> tuple[str | None, str | None, str]:
    found = _PREFIX_USER.search(prefix)
    user = (found["user"] or found["at"]) if found else None
    named = _PREFIX_DATABASE.search(prefix)
    database = named[1] if named else (found["db"] if found else None)
    application = _PREFIX_APPLICATION.search(prefix)
    return user, database, application[1] if application else ""


def _collect(messages: Iterable[tuple[str, str]]) -> list[Heard]:
    """Distinct statements; those that differ in constants only are one, shown without them."""
    groups: dict[str, _Group] = {}
    shapes: dict[str, str] = {}
    for message, application in messages:
        match = _STATEMENT.match(message)
        if match is None or application == APPLICATION_NAME or is_own(match[1]):
            continue
        for text in _single(match[1].strip()):
            shape = shapes.get(text)
            if shape is None:
                shape = shapes[text] = grammar.normalized(text)
            group = groups.setdefault(text if _SPELLED.search(shape) else shape, _Group(text))
            group.calls += 1
            if application:
                group.applications[application] += 1
    found = [
        Heard(group.text, group.calls, True, shapes[group.text], dict(group.applications)) for group in groups.values()
    ]
    return sorted(found, key=lambda each: (-each.calls, each.text))


def _single(text: str) -> list[str]:
    """A logged message may hold several statements in one string."""
    if ";" not in text.rstrip("; \n"):
        return [text] if text else []
    return [each.strip() for each in grammar.split(text) if each.strip()]
