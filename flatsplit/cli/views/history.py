"""``history``: a line for each event; statements are counted or listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from flatsplit.cli.output import Printer, one_line
from flatsplit.cli.views.shapes import plain
from flatsplit.words import count

_VERBS = {
    "forward": "ran",
    "catch-up": "ran, to catch up,",
    "back": "undid",
    "repair": "repaired with",
    "by-hand": "found done by hand",
}


def show(printer: Printer, records: Iterable[Any], *, statements: bool) -> None:
    """Print all records while they are read."""
    for (acted, _, direction), group in groupby(records, _sort):
        if acted and not statements:
            _show_number(printer, direction, group)
        else:
            for record in group:
                _show_one(printer, record)


def _show_number(printer: Printer, direction: str, actions: Iterator[Any]) -> None:
    first = next(actions)
    number = 1 + sum(1 for _ in actions)
    undone = ", undone since" if first.undone_at else ""
    verb = _VERBS.get(direction, direction)
    printer.say(f"{_time(first.at)}      {verb} {count(number, 'statement')} of {_step(first)}{undone}", "dim")


def _sort(record: Any) -> tuple[bool, str, str]:
    """A key that is the same for statements of one step in one direction."""
    return (True, _step(record), record.direction) if _is_action(record) else (False, "", "")


def _step(record: Any) -> str:
    """The step, with its walk where that is not the split."""
    whose = "" if record.walk in ("", "split") else one_line(record.walk)
    return " ".join(filter(None, (whose, record.step)))


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"


def _is_action(record: Any) -> bool:
    return hasattr(record, "sql")


def shape(record: Any) -> Any:
    """One line of ``history --json``."""
    return {"type": "action" if _is_action(record) else "event", **plain(record)}


def _show_one(printer: Printer, record: Any) -> None:
    moment = _time(record.at)
    if _is_action(record):
        sign = _VERBS.get(record.direction, record.direction)
        undone = f"  (undone {_time(record.undone_at)})" if record.undone_at else ""
        note = f"  ({one_line(record.note)})" if record.note else ""
        printer.say(
            f"{moment}      {sign} {_step(record)} {record.ordinal}: {one_line(record.description)}{note}{undone}",
            "dim",
        )
        return
    who = record.db_user if record.os_user in ("", record.db_user) else f"{record.db_user} ({record.os_user})"
    where = f" from {record.client_addr}" if record.client_addr else ""
    step = f" {_step(record)}" if _step(record) else ""
    printer.say(f"{moment}  {record.kind}{step}: {one_line(record.message)} [{one_line(who + where)}]")
