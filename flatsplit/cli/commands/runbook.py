"""``flatsplit runbook``."""

from __future__ import annotations

from pathlib import Path

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import walk_option
from flatsplit.cli.views import runbook as view
from flatsplit.errors import Exit


@make_command("runbook")
@walk_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runbook"),
    metavar="DIR",
    show_default=True,
    help="Folder to write to.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["md", "html", "all"]),
    default="all",
    show_default=True,
    help="Markdown, one HTML page, or both; the SQL files come with each.",
)
@click.option(
    "--templates",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of Jinja templates that stand in for those of the same name.",
)
def command(app: App, name: str | None, out: Path, form: str, templates: Path | None) -> Exit:
    """Write the change-review bundle: every step with its SQL, its rollback and its gates. Changes nothing."""
    with app.walk("runbook", write=False, name=name) as walk:
        from flatsplit.cutover.runbook import runbook

        bundle = runbook(walk)
    from flatsplit.render.bundle import write_bundle

    files = write_bundle(bundle, out, form, templates)
    if app.output.json:
        app.output.data(view.shape(files))
    else:
        view.show(app.output, files)
    return Exit.OK
