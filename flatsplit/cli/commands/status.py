"""``flatsplit status``."""

from __future__ import annotations

from pathlib import Path

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import GATES_LOGS, logs_option, walk_option
from flatsplit.cli.views import status as view
from flatsplit.errors import Exit


@make_command("status")
@walk_option
@logs_option(GATES_LOGS)
def command(app: App, name: str | None, logs: tuple[Path, ...]) -> Exit:
    """Show what broke, where the walk is, what is next, what blocks it and what changed meanwhile.

    Changes nothing. Where something broke, the exit code is 4.
    """
    with app.walk("status", write=False, name=name, any_will_do=True) as walk:
        from flatsplit.cutover.status import status

        found = status(walk, logs)
    if app.output.json:
        app.output.data(view.shape(found))
    else:
        view.show(app.output, found, all_walks=name is None and len(found.walks) > 1)
    return Exit.OK if found.ok else Exit.DRIFT
