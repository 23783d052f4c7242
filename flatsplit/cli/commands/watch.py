"""``flatsplit watch``."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.views import watch as view
from flatsplit.cli.views.shapes import plain
from flatsplit.errors import Exit, UsageError


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
    from flatsplit.cutover.watch import watch

    with app.session(write=False) as session, contextlib.suppress(KeyboardInterrupt):
        looks = watch(session, config, interval, count)
        if app.output.json:
            app.output.data(plain(next(looks)))
        else:
            view.show(app.output, looks, config.legacy_role)
    return Exit.OK
