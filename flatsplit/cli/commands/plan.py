"""``flatsplit plan``."""

from __future__ import annotations

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import StepName, walk_option
from flatsplit.cli.views import plan as view
from flatsplit.errors import Exit


@make_command("plan")
@walk_option
@click.argument("step", type=StepName(), required=False)
def command(app: App, name: str | None, step: str | None) -> Exit:
    """Show the statements of the next step, or of a named one, with locks, undo and digest. Changes nothing.

    The output is SQL, all else being comments. The digest is what `flatsplit next --approved` takes.
    """
    with app.walk("plan", write=False, name=name) as walk:
        from flatsplit.cutover.plan import plan

        found = plan(walk, step)
    if app.output.json:
        app.output.data(view.shape(found))
    else:
        view.show(app.output, found)
    return Exit.OK
