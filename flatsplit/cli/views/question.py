"""What is about to happen, shown before asking."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer
from flatsplit.cli.views.findings import show_findings
from flatsplit.cli.views.statements import summarise
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.model import Plan


def show_question(printer: Printer, plan: Plan, purpose: str, typed: Callable[[str], str]) -> str:
    """Show what is about to happen; returns the question to ask. ``typed`` gives a command about this walk as it is
    typed.
    """
    titles = {"next": f"Next step: {plan.step}", "rollback": f"Roll back: {plan.step}", "repair": "Repair"}
    printer.heading(titles.get(purpose, purpose.capitalize()))
    show_findings(printer, plan.notes)
    if plan.catch_up:
        printer.say("Catch-up, for objects that appeared since:")
        summarise(printer, plan.catch_up)
        printer.say("The step itself:")
    summarise(printer, plan.statements)
    if not plan.actions:
        printer.say("  nothing to change in the database")
        return "Go on?"
    shows = {"next": typed("plan"), "repair": "flatsplit verify --json", "rollback": typed("runbook")}
    whole = f"all of it, with undo: {shows[purpose]}; " if purpose in shows else ""
    printer.say(f"  {whole}digest {plan.digest}", "dim")
    return f"Run {'this' if len(plan.actions) == 1 else 'these'} {count(len(plan.actions), 'statement')}?"
