"""``flatsplit history``."""

from __future__ import annotations

from typing import Any

from flatsplit.cli import shapes
from flatsplit.cli.app import App, make_command
from flatsplit.cli.output import Printer, one_line
from flatsplit.errors import Exit


@make_command("history")
def command(app: App) -> Exit:
    """The journal: who did what, when, with waivers and reasons. Changes nothing."""
    with app.walk(write=False) as walk:
        records = walk.history()
        if app.output.json:
            app.output.data_stream(_shape(record) for record in records)
        else:
            for record in records:
                _show(app.output, record)
    return Exit.OK


def _is_action(record: Any) -> bool:
    return hasattr(record, "sql")


def _shape(record: Any) -> Any:
    return {"type": "action" if _is_action(record) else "event", **shapes.plain(record)}


def _show(printer: Printer, record: Any) -> None:
    moment = f"{record.at:%Y-%m-%d %H:%M:%S}Z"
    if _is_action(record):
        sign = "undo" if record.direction == "back" else "ran"
        undone = f"  (undone {record.undone_at:%Y-%m-%d %H:%M:%S}Z)" if record.undone_at else ""
        note = f"  ({one_line(record.note)})" if record.note else ""
        printer.say(
            f"{moment}      {sign} {record.step} {record.ordinal}: {one_line(record.description)}{note}{undone}", "dim"
        )
        return
    who = record.db_user if record.os_user in ("", record.db_user) else f"{record.db_user} ({record.os_user})"
    where = f" from {record.client_addr}" if record.client_addr else ""
    step = f" {record.step}" if record.step else ""
    printer.say(f"{moment}  {record.kind}{step}: {one_line(record.message)} [{one_line(who + where)}]")
