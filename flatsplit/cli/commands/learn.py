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
    """Propose the list of a special role: the shortest [grants.NAME] that is enough for all that it was seen to run.

    With each line: since when it is needed, how often, by which statement. And every hole in the evidence. Writes
    nothing; `flatsplit observe` gathers it.
    """
    with app.walk("learn", write=False) as walk:
        from flatsplit.cutover.learn import learn

        found = learn(walk, role, by_column=by_column)
    if app.output.json:
        app.output.data(view.shape(found))
    else:
        view.show(app.output, found)
    return Exit.OK
