"""``repair``: what happened, at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cli.output import Output
from flatsplit.cli.views import outcome
from flatsplit.errors import Exit

if TYPE_CHECKING:
    from flatsplit.cutover.outcome import AdvanceResult


def show(output: Output, result: AdvanceResult, *, refused: bool) -> Exit:
    """Print the result, also as JSON; returns the exit code."""
    return outcome.show(
        output, result, idle="Nothing to repair: what finished steps granted and changed is in place.", refused=refused
    )
