"""``flatsplit history``."""

from __future__ import annotations

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.views import history as view
from flatsplit.errors import Exit


@make_command("history")
@click.option("--statements", is_flag=True, help="Every statement that ran, not only how many; --json has them always.")
def command(app: App, statements: bool) -> Exit:
    """The journal: who did what, when, with waivers and reasons. Changes nothing."""
    with app.journal(write=False) as walk:
        from flatsplit.cutover.history import history

        records = history(walk)
        if app.output.json:
            app.output.data_stream(view.shape(record) for record in records)
        else:
            view.show(app.output, records, statements=statements)
    return Exit.OK
