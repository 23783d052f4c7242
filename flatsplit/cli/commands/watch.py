"""``flatsplit watch``."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import Span
from flatsplit.cli.views import watch as view
from flatsplit.cli.views.shapes import plain
from flatsplit.errors import Exit, UsageError


@make_command("watch")
@click.option("--interval", type=Span(), default="2s", show_default=True, help="Time between two looks.")
@click.option("--count", type=click.IntRange(min=1), help="Stop after so many looks; else with Ctrl-C.")
def command(app: App, interval: timedelta, count: int | None) -> Exit:
    """Show live who is still connected as the old role. Records nothing: that is what observe does.

    On a terminal one table that is updated; elsewhere one table per look. Ctrl-C stops it.
    """
    if app.output.json and count != 1:
        raise UsageError("watch --json has no end", "add --count 1, or use flatsplit observe")
    config = app.config()
    from flatsplit.cutover.refusals import Refusals
    from flatsplit.cutover.watch import watch

    with app.session(write=False) as session, contextlib.suppress(KeyboardInterrupt):
        looks = watch(session, config, interval, count)
        if app.output.json:
            app.output.data(plain(next(looks)))
        else:
            view.show(app.output, looks, config.legacy_role, Refusals(session, config).now)
    return Exit.OK
