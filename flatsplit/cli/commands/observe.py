"""``flatsplit observe``."""

from __future__ import annotations

from collections import Counter

from flatsplit.cli import shapes
from flatsplit.cli.app import App, make_command
from flatsplit.errors import Exit


@make_command("observe")
def command(app: App) -> Exit:
    """Record who is connected as which role: evidence for the gates. Made for cron."""
    with app.walk(write=True) as walk:
        sessions = walk.observe()
    if app.output.json:
        app.output.data([shapes.plain(session) for session in sessions])
        return Exit.OK
    alike = Counter((found.role, found.database, found.client, found.application, found.state) for found in sessions)
    rows = [(*key, str(number)) for key, number in sorted(alike.items())]
    if rows:
        app.output.table("", ("role", "database", "client", "application", "state", "sessions"), rows)
    else:
        app.output.say("Nobody else is connected.")
    return Exit.OK
