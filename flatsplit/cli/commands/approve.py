"""``flatsplit approve``."""

from __future__ import annotations

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import StepName, walk_option
from flatsplit.cli.views import approve as view
from flatsplit.cli.views.shapes import plain
from flatsplit.errors import Exit, UsageError


@make_command("approve")
@walk_option
@click.argument("steps", type=StepName(), nargs=-1, metavar="[STEP]...")
@click.option("--by", required=True, metavar="NAME", help="Who approved it; kept in the journal.")
@click.option("--ticket", default="", metavar="REF", help="Where the approval is documented, such as a change request.")
@click.option("--digest", metavar="DIGEST", help="Only if the plan is the one with this digest: the one that was read.")
@click.option("--all", "everything", is_flag=True, help="Every step that is not done.")
def command(
    app: App, name: str | None, steps: tuple[str, ...], by: str, ticket: str, digest: str | None, everything: bool
) -> Exit:
    """Record who approved the plan of the next step, or of the named ones. Changes nothing else.

    Prints the digest that `flatsplit next --approved` takes. The facts of the plan are kept with it, so that a later
    plan can be compared with it.
    """
    if everything and steps:
        raise UsageError("--all is for every step, and some are named too", "give one or the other")
    if digest is not None and (everything or len(steps) > 1):
        raise UsageError("--digest is of one plan", "approve the steps one by one")
    with app.walk("approve", write=True, name=name) as walk:
        if everything:
            steps = tuple(record.key for record in walk.journal.steps() if record.state != "done")
        from flatsplit.cutover.approve import approve

        found = approve(walk, steps, by=by, ticket=ticket, digest=digest)
    if app.output.json:
        app.output.data(plain(found))
    else:
        view.show(app.output, found, walk.record.walk, several=len(walk.kept) > 1)
    return Exit.OK
