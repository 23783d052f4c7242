"""``forget``: what is lost with it, and that it is done."""

from __future__ import annotations

from pathlib import Path

from flatsplit.cli.output import Printer


def show_warning(printer: Printer, *, under_way: bool, kept: bool, recorded: bool = False) -> None:
    """Print what will be lost, before asking. ``kept``: the journal is exported; ``recorded``: [trail] has recorded
    something.
    """
    printer.say(
        "This removes the schema flatsplit. What was done stays; taking it back is no longer possible.", "yellow"
    )
    if under_way:
        printer.say("The cutover is under way: the roles stay half moved.", "red")
    if not kept:
        what = "The journal and the recorded structural changes are" if recorded else "The journal is"
        printer.say(f"{what} lost: --export FILE keeps a copy.", "yellow")


def show(printer: Printer, export: Path | None) -> None:
    """Print that it is done."""
    printer.say("flatsplit is out of the database." + (f" Its journal is in {export}." if export else ""))
