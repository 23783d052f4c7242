"""A plan on the screen: what it comes to, then its statements."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer, one_line, visible

if TYPE_CHECKING:
    from flatsplit.model import Finding, Plan, Statement

FEW = 3
"""Statements of one sort that are shown before a question; all of them stand in ``flatsplit plan``."""

MANY = 50
"""Objects of a note that stand in a plan."""

_FIRST = re.compile(r'(?:LOCK TABLE (?:"(?:[^"]|"")*"|[^";])* MODE; |DO (\$\w*\$).*?\1; )+', re.DOTALL)
"""What only takes a lock early, before the statement that a batch is about."""

_VERB = re.compile(r"[A-Z]+(?: [A-Z]+){0,3}(?=[ ;(]|$)")
_GRANT = re.compile(r"(?P<verb>GRANT|REVOKE) [A-Z, ]+ ON (?P<kind>[A-Z]+(?: [A-Z]+)*) ")
_SEVERITY = {"blocker": "red", "warning": "yellow", "note": "cyan"}


def count(number: int, noun: str) -> str:
    """``1 statement``, ``2 statements``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def verb(sql: str) -> str:
    """What sort of statement it is, for example ``ALTER TABLE`` or ``GRANT … ON SEQUENCE``."""
    locked = _FIRST.match(sql)
    if locked and locked.end() < len(sql):
        sql = sql[locked.end() :]
    grant = _GRANT.match(sql)
    if grant:
        return f"{grant['verb']} … ON {grant['kind']}"
    match = _VERB.match(sql)
    return match.group() if match else "statement"


def groups(statements: Iterable[Statement]) -> dict[tuple[str, str], list[Statement]]:
    """Statements of one sort and lock, in the order in which each sort first appears."""
    found: defaultdict[tuple[str, str], list[Statement]] = defaultdict(list)
    for statement in statements:
        found[verb(statement.sql), statement.lock].append(statement)
    return found


def terminated(sql: str) -> str:
    """The statement with the semicolon that psql needs."""
    return sql if sql.rstrip().endswith(";") else f"{sql};"


def show_plan(printer: Printer, plan: Plan) -> None:
    """All of a plan, as text that psql would accept: what is not a statement is a comment."""
    if not plan.step:
        printer.say("-- nothing is left to do")
        return
    printer.say(f"-- {plan.step}: {count(len(plan.actions), 'statement')}, digest {plan.digest}", "bold")
    for note in plan.notes:
        _comment(printer, f"{note.severity}: {note.title}. {note.why}", _SEVERITY[note.severity])
        for name in note.objects[:MANY]:
            _comment(printer, f"    {name}", "dim")
        if len(note.objects) > MANY:
            _comment(printer, f"    … and {len(note.objects) - MANY:,} more: flatsplit doctor --json", "dim")
        if note.fix:
            _comment(printer, f"    {note.fix}", "dim")
    number = 0
    parts = (
        ("Catch-up: what finished steps want for objects that appeared since", plan.catch_up),
        (f"The step: {plan.step}", plan.statements),
    )
    for title, statements in parts:
        if plan.catch_up and statements:
            printer.say()
            _comment(printer, title, "bold")
        for statement in statements:
            number += 1
            printer.say()
            _show_statement(printer, number, statement)


def _show_statement(printer: Printer, number: int, statement: Statement) -> None:
    lock = f" [lock: {statement.lock}]" if statement.lock else ""
    _comment(printer, f"{number}. {statement.description}{lock}", "dim")
    printer.say(terminated(statement.sql))
    if not statement.undo:
        _comment(printer, "undo: none, this cannot be taken back", "yellow")
        return
    lines = statement.undo.split("\n")
    _comment(printer, f"undo: {lines[0]}", "dim")
    for line in lines[1:]:
        _comment(printer, f"      {line}", "dim")


def _comment(printer: Printer, text: str, style: str) -> None:
    printer.say(f"-- {one_line(text)}", style)


def summarise(printer: Printer, statements: Sequence[Statement], few: int = FEW) -> None:
    """How many statements of which sort with which lock, and the first few of each."""
    for (kind, lock), found in groups(statements).items():
        printer.say(f"  {len(found):>6,} × {kind}" + (f"  (lock: {lock})" if lock else ""))
        for statement in found[:few]:
            for line in terminated(statement.sql).split("\n"):
                printer.say(f"           {line}", "cyan")
        if len(found) > few:
            printer.say(f"           … and {len(found) - few:,} more", "dim")


def show_question(printer: Printer, plan: Plan, purpose: str) -> str:
    """Shows what is about to happen; gives back the question to ask."""
    titles = {"next": f"Next step: {plan.step}", "rollback": f"Roll back: {plan.step}", "repair": "Repair"}
    printer.heading(titles.get(purpose, f"{purpose}: {plan.step}"))
    show_findings(printer, plan.notes)
    if plan.catch_up:
        printer.say("Catch-up, for objects that appeared since:")
        summarise(printer, plan.catch_up)
        printer.say("The step itself:")
    summarise(printer, plan.statements)
    if not plan.actions:
        printer.say("  nothing to change in the database")
        return "Go on?"
    command = {"next": "flatsplit plan", "repair": "flatsplit verify --json"}.get(purpose, "flatsplit runbook")
    printer.say(f"  all of it, with undo: {command}; digest {plan.digest}", "dim")
    return f"Run {'this' if len(plan.actions) == 1 else 'these'} {count(len(plan.actions), 'statement')}?"


def show_findings(printer: Printer, findings: Iterable[Finding], few: int = 10, *, ids: bool = False) -> None:
    """Hazards and decisions: what, why, for which objects, what to do; with their ids, to explain or accept them."""
    for found in findings:
        named = f" ({found.id})" if ids else ""
        style = "" if found.accepted else _SEVERITY[found.severity]
        printer.say(f"{found.severity}: {one_line(found.title)}{named}", style)
        if found.accepted:
            printer.say(f"    accepted: {one_line(found.accepted)}")
        printer.say(f"    why: {one_line(found.why)}")
        for name in found.objects[:few]:
            printer.say(f"      {one_line(name)}", "dim")
        if len(found.objects) > few:
            printer.say(f"      … and {len(found.objects) - few:,} more", "dim")
        if found.fix:
            first, *lines = found.fix.split("\n")
            printer.say(f"    fix: {one_line(first)}")
            for line in lines:
                printer.say(f"      {visible(line)}")
