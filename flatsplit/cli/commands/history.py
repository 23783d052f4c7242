"""``flatsplit history``."""

from __future__ import annotations

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import walk_option
from flatsplit.cli.views import history as view
from flatsplit.errors import Exit


@make_command("history")
@walk_option
@click.option("--statements", is_flag=True, help="Every statement that ran, not only how many; --json has them always.")
def command(app: App, name: str | None, statements: bool) -> Exit:
    """Show the journal: who did what, when, with waivers and reasons. Changes nothing."""
    with app.journal(write=False) as walk:
        from flatsplit.cutover.history import history
        from flatsplit.model import WalkName

        records = history(walk, WalkName.parse(name) if name is not None else None)
        if app.output.json:
            app.output.data_stream(view.shape(record) for record in records)
        else:
            view.show(app.output, records, statements=statements)
    return Exit.OK
