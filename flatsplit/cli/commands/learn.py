"""``flatsplit learn``."""

from __future__ import annotations

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.views import learn as view
from flatsplit.errors import Exit


@make_command("learn")
@click.argument("role", metavar="NAME")
@click.option("--columns", "by_column", is_flag=True, help="Name columns where single ones are enough.")
def command(app: App, role: str, by_column: bool) -> Exit:
    """Propose the rights of a special role: the shortest [grants.NAME] for all that it was seen to run.

    Each line says since when it is needed, how often, and by which statement. Holes in the evidence are listed too.
    Writes nothing: `flatsplit observe` gathers the evidence.
    """
    with app.walk("learn", write=False) as walk:
        from flatsplit.cutover.learn import learn

        found = learn(walk, role, by_column=by_column)
    if app.output.json:
        app.output.data(view.shape(found))
    else:
        view.show(app.output, found)
    return Exit.OK
