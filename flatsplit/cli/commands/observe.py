"""``flatsplit observe``."""

from __future__ import annotations

from flatsplit.cli.app import App, make_command
from flatsplit.cli.views import shapes
from flatsplit.cli.views.clients import show_clients
from flatsplit.errors import Exit


@make_command("observe")
def command(app: App) -> Exit:
    """Record who is connected as which role, and how much each role has run: evidence for the gates.

    Made for cron: only time in which somebody looked often enough counts as quiet.
    """
    with app.journal(write=True) as walk:
        found = walk.observe()
        legacy = walk.config.legacy_role
    if app.output.json:
        app.output.data([shapes.plain(session) for session in found.sessions])
        return Exit.OK
    show_clients(app.output, found.sessions, legacy)
    for role, growth in found.growth:
        if growth:
            app.output.say(f"{role} ran {growth:,} statements since the last look")
    if not found.growth:
        app.output.err.say("pg_stat_statements counts nothing here: short connections between two looks are missed")
    return Exit.OK
