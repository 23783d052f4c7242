"""``flatsplit watch``."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.output import one_line
from flatsplit.cli.views import shapes
from flatsplit.cli.views.clients import COLUMNS, client_rows, headline, is_left, show_clients
from flatsplit.errors import Exit, UsageError

if TYPE_CHECKING:
    from flatsplit.model import Session


class Interval(click.ParamType[timedelta]):
    """A duration as in flatsplit.toml."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """``2s``, ``500ms``, ``1m``."""
        from flatsplit.config import parse_duration

        if isinstance(value, timedelta):
            return value
        try:
            found = parse_duration(str(value))
        except ValueError:
            found = timedelta()
        if found <= timedelta():
            self.fail(f"{value!r} is not a duration; write it like 2s, 500ms or 1m", param, ctx)
        return found


@make_command("watch")
@click.option("--interval", type=Interval(), default="2s", show_default=True, help="Time between two looks.")
@click.option("--count", type=click.IntRange(min=1), help="Stop after so many looks; else with Ctrl-C.")
def command(app: App, interval: timedelta, count: int | None) -> Exit:
    """Show live who is still connected as the old role. Writes nothing down: that is what observe is for.

    On a terminal a table that drains; elsewhere one table per look. Ctrl-C stops it.
    """
    if app.output.json and count != 1:
        raise UsageError("watch --json has no end", "add --count 1, or use flatsplit observe")
    config = app.config()
    from flatsplit.cutover.observe import connected

    with app.session(write=False) as session, contextlib.suppress(KeyboardInterrupt):

        def look() -> tuple[Session, ...]:
            return connected(session, config)

        if app.output.json:
            app.output.data([shapes.plain(found) for found in look()])
        elif app.output.terminal:
            _live(app, look, config.legacy_role, interval, count)
        else:
            _plain(app, look, config.legacy_role, interval, count)
    return Exit.OK


def _rounds(interval: timedelta, count: int | None) -> Any:
    place = 0
    while count is None or place < count:
        if place:
            time.sleep(interval.total_seconds())
        yield place
        place += 1


def _plain(
    app: App, look: Callable[[], Sequence[Session]], legacy: str, interval: timedelta, count: int | None
) -> None:
    for place in _rounds(interval, count):
        found = look()
        if place:
            app.output.say()
        app.output.say(one_line(f"{time.strftime('%H:%M:%S')} {headline(found, legacy)}"))
        show_clients(app.output, found, legacy)
        app.output.stream.flush()


def _live(app: App, look: Callable[[], Sequence[Session]], legacy: str, interval: timedelta, count: int | None) -> None:
    from rich.live import Live
    from rich.table import Table
    from rich.text import Text

    from flatsplit.cli.output import visible

    def table() -> Table:
        found = look()
        old = [one for one in found if is_left(one, legacy)]
        title = visible(f"{time.strftime('%H:%M:%S')}  {headline(found, legacy)}")
        made = Table(title=Text(title, style="yellow" if old else "green"), title_justify="left")
        for column in COLUMNS:
            made.add_column(column, overflow="fold")
        for place, row in enumerate(client_rows(found, legacy)):
            made.add_row(*map(Text, row), style="yellow" if place < len(client_rows(old, legacy)) else "")
        return made

    with Live(console=app.output.console(), auto_refresh=False) as live:
        for _ in _rounds(interval, count):
            live.update(table(), refresh=True)
