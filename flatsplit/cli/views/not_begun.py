"""Sections of flatsplit.toml that nobody walked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer, one_line

if TYPE_CHECKING:
    from flatsplit.cutover.not_begun import NotBegun


def show_not_begun(printer: Printer, sections: Sequence[NotBegun]) -> None:
    """Each with what begins it."""
    for one in sections:
        if one.stopped:
            printer.say(f"{one_line(one.section)} was never begun: {one_line(one.stopped)}", "yellow")
            printer.say(f"  first: {one_line(one.fix)}")
        else:
            printer.say(f"{one_line(one.section)} was never begun: `{one_line(one.fix)}`", "yellow")
