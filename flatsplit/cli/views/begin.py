"""``begin``: the first plan of the new walk, and how it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer, one_line
from flatsplit.cli.views import plan
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.cutover.begin import Beginning


def show_question(printer: Printer, found: Beginning) -> None:
    """What would be begun."""
    printer.heading(f"{one_line(found.walk.words)}: {', '.join(found.steps)}")
    plan.show(printer, found.plan)


def show(printer: Printer, found: Beginning) -> None:
    """What was begun."""
    walk = one_line(found.walk.option)
    printer.say(f"Begun: {one_line(found.walk.words)}, {count(len(found.steps), 'step')}.", "green")
    printer.say(f"Next: {found.steps[0]}. See it with `flatsplit plan {walk}`, take it with `flatsplit next {walk}`.")


def shape(found: Beginning) -> Json:
    """``begin --json``."""
    return {
        "walk": str(found.walk),
        "kind": found.walk.kind,
        "subject": found.walk.subject,
        "steps": list(found.steps),
        "plan": plan.shape(found.plan),
    }
