"""``flatsplit forget``."""

from __future__ import annotations

from pathlib import Path

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import yes_option
from flatsplit.errors import Exit, Refused


@make_command("forget")
@click.option("--export", type=click.Path(path_type=Path), metavar="FILE", help="Write the journal to this file first.")
@yes_option
def command(app: App, export: Path | None, yes: bool) -> Exit:
    """Take flatsplit out of the database: the journal and the baseline, and with them the way back.

    The roles and privileges stay as they are. Asks first on a terminal;
    elsewhere it refuses while a cutover is under way, unless --yes is given.
    """
    with app.walk(write=True) as walk:
        state = walk.status().cutover.state
        if not yes:
            if not app.output.interactive:
                _refuse_under_way(state)
            elif not _agreed(app, state, export):
                app.output.err.say("nothing was changed")
                return Exit.ERROR
        walk.forget(export)
    if app.output.json:
        app.output.data({"forgotten": True, "export": str(export) if export else None})
    else:
        app.output.say("flatsplit is out of the database." + (f" Its journal is in {export}." if export else ""))
    return Exit.OK


def _refuse_under_way(state: str) -> None:
    if state == "active":
        raise Refused(
            "the cutover is under way, and without flatsplit's memory it cannot go back",
            "finish it or roll it back first; `flatsplit forget --yes` forgets all the same",
        )


def _agreed(app: App, state: str, export: Path | None) -> bool:
    err = app.output.err
    err.say("This removes the schema flatsplit. What was done stays; taking it back is no longer possible.", "yellow")
    if state == "active":
        err.say("The cutover is under way: the roles stay half moved.", "red")
    if export is None:
        err.say("The journal is lost: --export FILE keeps a copy.", "yellow")
    return app.output.ask("Remove it?")
