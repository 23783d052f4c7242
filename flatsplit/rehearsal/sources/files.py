"""A file with statements: SQL, pg_stat_statements as CSV or JSON, or a server log in any of its formats."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flatsplit import logs
from flatsplit.errors import UsageError
from flatsplit.rehearsal import grammar
from flatsplit.rehearsal.sources.logs import read_log
from flatsplit.rehearsal.values import Heard, is_own

_CALLS = re.compile(r"--[^\n]*\bcalls=(\d+)")
_TOP = re.compile(r"--[^\n]*\btop=(true|false)")
_COMMENTS = re.compile(r"\A(?:\s*--[^\n]*(?:\n|\Z))+")


def read_file(path: Path, roles: frozenset[str], database: str, became: frozenset[str]) -> tuple[str, list[Heard]]:
    """The format of the file, and its distinct statements; of a log only those of these roles in this database.

    An export of pg_stat_statements also counts for roles that their sessions ``became``; a log names the role that
    logged in.
    """
    try:
        text = _decoded(path.read_bytes()).replace("\0", "\ufffd")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})", "name a readable file with --file") from None
    kind, heard = _read(text, path, roles, database, became)
    if not heard:
        of = f" of {', '.join(sorted(roles))}" if "log" in kind else ""
        raise UsageError(
            f"{path} holds no statement{of}",
            "give SQL with semicolons, pg_stat_statements as CSV or JSON, or a server log with log_statement",
        )
    return kind, heard


def _decoded(data: bytes) -> str:
    """The text in a file: of UTF-16 where it begins with its mark, as what PowerShell redirects does, else of UTF-8."""
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return data.decode(encoding, errors="replace")


def _read(
    text: str, path: Path, roles: frozenset[str], database: str, became: frozenset[str]
) -> tuple[str, list[Heard]]:
    start = text.lstrip()[:1]
    if start in ("[", "{"):
        return _json(text, path, roles, database, became)
    data = text.encode()
    form = logs.sniff(data)
    if form is not None and form.name == "csvlog":
        return "server log (csvlog)", read_log(logs.entries(data, form), roles, database)
    header = next(csv.reader(io.StringIO(text)), [])
    names = [name.strip().lower() for name in header]
    if "query" in names and "calls" in names:
        rows = [dict(zip(names, row, strict=False)) for row in list(csv.reader(io.StringIO(text)))[1:]]
        return "pg_stat_statements as CSV", _statistics(rows, roles | became)
    if form is not None:
        return f"server log ({form.name})", read_log(logs.entries(data, form), roles, database)
    return "SQL file", _sql(text)


def _json(
    text: str, path: Path, roles: frozenset[str], database: str, became: frozenset[str]
) -> tuple[str, list[Heard]]:
    try:
        found = json.loads(text)
        rows = found if isinstance(found, list) else [found]
    except json.JSONDecodeError:
        try:
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        except json.JSONDecodeError as error:
            raise UsageError(f"{path} is broken JSON ({error.msg})", "export it again") from None
    rows = [row for row in rows if isinstance(row, dict)]
    if any("query" in row for row in rows):
        return "pg_stat_statements as JSON", _statistics(rows, roles | became)
    return "server log (jsonlog)", read_log((logs.of_row(row) for row in rows), roles, database)


def _statistics(rows: list[dict[str, Any]], roles: frozenset[str]) -> list[Heard]:
    """Statements of an export, without those of other roles where it names them."""
    who = ""
    for column in ("rolname", "usename", "username", "role"):
        if any(row.get(column) in roles for row in rows):
            rows = [row for row in rows if row.get(column) in roles]
            who = column
    found: dict[tuple[str, str], Heard] = {}
    for row in rows:
        role = str(row[who]) if who else ""
        query = str(row.get("query") or "").strip()
        if not query or is_own(query):
            continue
        before = found.get((query, role))
        top = _truth(row.get("toplevel"))
        if before is not None and before.top:
            top = True
        count = _number(row.get("calls")) + (before.calls if before else 0)
        found[query, role] = Heard(query, count, top, role=role)
    return sorted(found.values(), key=lambda each: (-each.calls, each.text))


def _number(value: Any) -> int:
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        return 1


def _truth(value: Any) -> bool | None:
    known: Mapping[str, bool] = {"t": True, "true": True, "f": False, "false": False}
    return known.get(str(value).lower())


def _sql(text: str) -> list[Heard]:
    """Statements separated by semicolons. A comment ``-- calls=N top=false`` before one says how often it ran, and
    whether inside a function.
    """
    found: dict[str, Heard] = {}
    for piece in grammar.split(text):
        comments = _COMMENTS.match(piece)
        said = comments[0] if comments else ""
        statement = piece[len(said) :].strip()
        if not statement or is_own(statement):
            continue
        calls, top = _CALLS.search(said), _TOP.search(said)
        before = found.get(statement)
        count = int(calls[1]) if calls else 1
        where = top[1] == "true" if top else None
        if before is not None:
            count += before.calls
            where = True if before.top else where
        found[statement] = Heard(statement, count, where)
    return list(found.values())
