"""``plan``: a summary, then the statements."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer, one_line
from flatsplit.cli.views import findings, statements
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.model import Plan, Statement

MANY = 50
"""Objects of a note that a plan shows."""


def show(printer: Printer, plan: Plan) -> None:
    """Print a plan as text that psql accepts: everything but statements is a comment."""
    if not plan.step:
        printer.say("-- nothing is left to do")
        return
    printer.say(f"-- {plan.step}: {count(len(plan.actions), 'statement')}, digest {plan.digest}", "bold")
    for note in plan.notes:
        _comment(printer, f"{note.severity}: {note.title}. {note.why}", findings.STYLES[note.severity])
        objects = findings.told_objects(note)
        for name in objects[:MANY]:
            _comment(printer, f"    {name}", "dim")
        if len(objects) > MANY:
            _comment(printer, f"    … and {len(objects) - MANY:,} more: flatsplit doctor --json", "dim")
        for mark, line in zip(chain(["  fix: "], repeat("    ")), note.fix.splitlines(), strict=False):
            _comment(printer, f"{mark}{line}", "dim")
    number = 0
    parts = (
        ("Catch-up: what finished steps want for objects that appeared since", plan.catch_up),
        (f"The step: {plan.step}", plan.statements),
    )
    for title, some in parts:
        if plan.catch_up and some:
            printer.say()
            _comment(printer, title, "bold")
        for statement in some:
            number += 1
            printer.say()
            _show_statement(printer, number, statement)


def _show_statement(printer: Printer, number: int, statement: Statement) -> None:
    lock = f" [lock: {statement.lock}]" if statement.lock else ""
    _comment(printer, f"{number}. {statement.description}{lock}", "dim")
    printer.say(statements.terminated(statement.sql))
    if not statement.undo:
        _comment(printer, "undo: none, this cannot be taken back", "yellow")
        return
    lines = statement.undo.split("\n")
    _comment(printer, f"undo: {lines[0]}", "dim")
    for line in lines[1:]:
        _comment(printer, f"      {line}", "dim")


def _comment(printer: Printer, text: str, style: str) -> None:
    printer.say(f"-- {one_line(text)}", style)


def shape(found: Plan) -> Json:
    """``plan --json``: the actions in the order in which they run, the catch-up first."""
    return {
        "step": found.step or None,
        "digest": found.digest or None,
        "catch_up": len(found.catch_up),
        "actions": [statements.shape(statement) for statement in found.actions],
        "notes": [findings.shape(note) for note in found.notes],
    }
