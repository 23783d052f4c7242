"""What the server is refusing to the application, for ``status`` and ``watch``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer, one_line
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.trail.refused import Refusal

FEW = 5
"""How many refusals are shown."""


def show_refused(printer: Printer, refused: Sequence[Refusal]) -> None:
    """Print what the application was refused, suspicious ones first."""
    if not refused:
        return
    times = sum(one.times for one in refused)
    printer.say(f"In the last 24 hours the application was refused {count(times, 'time')}:", "yellow")
    for one in refused[:FEW]:
        printer.say(f"  {summary(one)}", "red" if one.judgement == "suspicious" else "yellow")
        printer.say(one_line(f"    {one.remedy}"))
    if len(refused) > FEW:
        printer.say(f"  … and {len(refused) - FEW:,} more: `flatsplit who --refused`", "dim")


def summary(one: Refusal) -> str:
    """Equal attempts on one line."""
    client = f" from {one.client}" if one.client else ""
    what = f"{one.times} × {one.act} {one.object}".rstrip()
    return one_line(f"{what} by {one.login}{client}, last at {one.last}: {one.judgement}")
