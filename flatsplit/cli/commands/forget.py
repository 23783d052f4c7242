"""``flatsplit forget``."""

from __future__ import annotations

from pathlib import Path

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import yes_option
from flatsplit.errors import Exit


@make_command("forget")
@click.option("--export", type=click.Path(path_type=Path), metavar="FILE", help="Write the journal to this file first.")
@yes_option
def command(app: App, export: Path | None, yes: bool) -> Exit:
    """Take flatsplit out of the database: the journal and the baseline, and with them the way back.

    The roles and privileges stay as they are. Asks first on a terminal.
    """
    with app.walk(write=True) as walk:
        if app.output.interactive and not yes:
            app.output.err.say(
                "This removes the schema flatsplit. Rollback is no longer possible afterwards.", "yellow"
            )
            if export is None:
                app.output.err.say("The journal is lost: --export FILE keeps a copy.", "yellow")
            if not app.output.ask("Remove it?"):
                app.output.err.say("nothing was changed")
                return Exit.ERROR
        walk.forget(export)
    if app.output.json:
        app.output.data({"forgotten": True, "export": str(export) if export else None})
    else:
        app.output.say("flatsplit is out of the database." + (f" Its journal is in {export}." if export else ""))
    return Exit.OK
