"""``flatsplit history``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.output import Printer, one_line
from flatsplit.cli.views import shapes
from flatsplit.cli.views.plan import count
from flatsplit.errors import Exit


@make_command("history")
@click.option("--statements", is_flag=True, help="Every statement that ran, not only how many; --json has them always.")
def command(app: App, statements: bool) -> Exit:
    """The journal: who did what, when, with waivers and reasons. Changes nothing."""
    with app.journal(write=False) as walk:
        records = walk.history()
        if app.output.json:
            app.output.data_stream(_shape(record) for record in records)
        else:
            _show_all(app.output, records, statements=statements)
    return Exit.OK


_VERBS = {
    "forward": "ran",
    "catch-up": "ran, to catch up,",
    "back": "undid",
    "repair": "repaired with",
    "by-hand": "found done by hand",
}


def _show_all(printer: Printer, records: Iterable[Any], *, statements: bool) -> None:
    for (acted, step, direction), group in groupby(records, _sort):
        if acted and not statements:
            _show_number(printer, step, direction, group)
        else:
            for record in group:
                _show(printer, record)


def _show_number(printer: Printer, step: str, direction: str, actions: Iterator[Any]) -> None:
    first = next(actions)
    number = 1 + sum(1 for _ in actions)
    undone = ", undone since" if first.undone_at else ""
    verb = _VERBS.get(direction, direction)
    printer.say(f"{_time(first.at)}      {verb} {count(number, 'statement')} of {step}{undone}", "dim")


def _sort(record: Any) -> tuple[bool, str, str]:
    """Statements of one step in one direction belong together."""
    return (True, record.step, record.direction) if _is_action(record) else (False, "", "")


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"


def _is_action(record: Any) -> bool:
    return hasattr(record, "sql")


def _shape(record: Any) -> Any:
    return {"type": "action" if _is_action(record) else "event", **shapes.plain(record)}


def _show(printer: Printer, record: Any) -> None:
    moment = _time(record.at)
    if _is_action(record):
        sign = _VERBS.get(record.direction, record.direction)
        undone = f"  (undone {_time(record.undone_at)})" if record.undone_at else ""
        note = f"  ({one_line(record.note)})" if record.note else ""
        printer.say(
            f"{moment}      {sign} {record.step} {record.ordinal}: {one_line(record.description)}{note}{undone}", "dim"
        )
        return
    who = record.db_user if record.os_user in ("", record.db_user) else f"{record.db_user} ({record.os_user})"
    where = f" from {record.client_addr}" if record.client_addr else ""
    step = f" {record.step}" if record.step else ""
    printer.say(f"{moment}  {record.kind}{step}: {one_line(record.message)} [{one_line(who + where)}]")
