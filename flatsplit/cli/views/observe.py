"""``observe``: who is connected, and what each role has run since the last look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cli.output import Output
from flatsplit.cli.views.clients import show_clients
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cutover.observe import Observed


def show(output: Output, found: Observed, legacy: str) -> None:
    """A table, then what the statement counters say."""
    if found.sessions or not found.tenants:
        show_clients(output, found.sessions, legacy)
    if found.tenants:
        output.say(f"{count(found.tenants, 'tenant')} at work")
    for role, growth in found.growth:
        if growth:
            output.say(f"{role} ran {count(growth, 'statement')} since the last look")
    if not found.growth:
        output.err.say("pg_stat_statements counts nothing here: short connections between two looks are missed")
