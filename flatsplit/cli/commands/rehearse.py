"""``flatsplit rehearse``."""

from __future__ import annotations

from pathlib import Path

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.progress import Counting
from flatsplit.cli.views import rehearse as view
from flatsplit.errors import Exit


@make_command("rehearse")
@click.option(
    "--file",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Statements with semicolons, pg_stat_statements as CSV or JSON, or a server log; "
    "else pg_stat_statements of this database.",
)
@click.option("--as", "role", metavar="ROLE", help="The role to rehearse, or `tenant` for one of them; else app_user.")
def command(app: App, file: Path | None, role: str | None) -> Exit:
    """Check every statement that the old role ran against the rights of its new role. Executes none of them.

    If any is denied, would silently see fewer rows, or is the migration tool's work, the exit code is 4.
    """
    with app.walk("rehearse", write=True) as walk, Counting(app.output) as counting:
        from flatsplit.cutover.rehearse import rehearse

        found = rehearse(walk, file=file, role=role, progress=counting)
    if app.output.json:
        app.output.data(view.shape(found))
    else:
        view.show(app.output, found)
    return Exit.OK if found.ok else Exit.DRIFT
