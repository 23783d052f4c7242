"""``begin``: the first plan of the new walk, and how it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cli.output import Output, Printer, one_line
from flatsplit.cli.views import outcome, plan
from flatsplit.errors import Exit
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.cutover.begin import Beginning
    from flatsplit.cutover.outcome import AdvanceResult


def show_question(printer: Printer, found: Beginning) -> None:
    """Print what would be begun."""
    printer.heading(f"{one_line(found.walk.words)}: {', '.join(found.steps)}")
    plan.show(printer, found.plan)
    show_notes(printer, found)


def show_notes(printer: Printer, found: Beginning) -> None:
    """Print what somebody else has to run."""
    for note in found.notes:
        printer.say(f"  {one_line(note)}", "yellow")


def show(output: Output, found: Beginning) -> None:
    """Print what was begun, and how it goes on."""
    if output.json:
        output.data(shape(found))
        return
    show_begun(output, found)
    walk = one_line(found.walk.option)
    output.say(f"Next: {found.steps[0]}. See it with `flatsplit plan {walk}`, take it with `flatsplit next {walk}`.")


def show_begun(output: Output, found: Beginning) -> None:
    """Print that it is recorded, or was already; with JSON that comes at the end."""
    if output.json:
        return
    walk, steps = one_line(found.walk.words), count(len(found.steps), "step")
    if found.under_way:
        output.say(f"Under way already: {walk}, {steps}.")
    else:
        output.say(f"Begun: {walk}, {steps}.", "green")
    output.stream.flush()


def show_taken(output: Output, found: Beginning, result: AdvanceResult, *, refused: bool) -> Exit:
    """Print the result of the steps that followed at once; returns the exit code."""
    idle = "Nothing to do: that is done already."
    return outcome.show(output, result, idle=idle, refused=refused, around=shape(found))


def shape(found: Beginning) -> Json:
    """``begin --json``; with ``--through``, the result of the steps is under ``taken``."""
    return {
        "walk": str(found.walk),
        "kind": found.walk.kind,
        "subject": found.walk.subject,
        "steps": list(found.steps),
        "plan": plan.shape(found.plan),
        "notes": list(found.notes),
    }
