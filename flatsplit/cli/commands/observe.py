"""``flatsplit observe``."""

from __future__ import annotations

from flatsplit.cli.app import App, make_command
from flatsplit.cli.views import observe as view
from flatsplit.cli.views.shapes import plain
from flatsplit.errors import Exit


@make_command("observe")
def command(app: App) -> Exit:
    """Record who is connected as which role, and how much each role has run: evidence for the gates.

    Made for cron: only time in which somebody looked often enough counts as quiet.
    """
    with app.journal(write=True) as walk:
        from flatsplit.cutover.observe import observe

        found = observe(walk)
        legacy = walk.config.legacy_role
    if app.output.json:
        app.output.data(plain(found.sessions))
    else:
        view.show(app.output, found, legacy)
    return Exit.OK
