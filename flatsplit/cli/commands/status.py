"""``flatsplit status``."""

from __future__ import annotations

from flatsplit.cli.app import App, make_command
from flatsplit.cli.views import status as view
from flatsplit.errors import Exit


@make_command("status")
def command(app: App) -> Exit:
    """What broke, where we are, what is next, what blocks it, what changed. Changes nothing; exit 4 where it broke."""
    with app.walk("status", write=False) as walk:
        from flatsplit.cutover.status import status

        found = status(walk)
    if app.output.json:
        app.output.data(view.shape(found))
    else:
        view.show(app.output, found)
    return Exit.DRIFT if found.broken else Exit.OK
