"""``flatsplit rehearse``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flatsplit.cli.app import App, make_command
from flatsplit.cli.output import Printer, one_line
from flatsplit.cli.progress import Counting
from flatsplit.cli.views import shapes
from flatsplit.cli.views.plan import count
from flatsplit.config.text import quote
from flatsplit.errors import Exit

if TYPE_CHECKING:
    from flatsplit.evidence.rehearsal import Rehearsal, Verdict

_STYLES = {"denied": "red", "silent": "red", "migrator": "yellow", "unknown": "cyan"}
_HEADINGS = {
    "denied": "Denied: would fail",
    "silent": "Silent: would succeed and do less",
    "migrator": "The migration tool's work, not the application's",
    "unknown": "Unknown: look at these yourself",
}
_SHOWN = 25
_BASIS = re.compile(r" \(by the blueprint: .* does not exist yet\)\Z", re.DOTALL)
"""What a verdict rests on, where it is the same for all: the last lines say it once."""


@make_command("rehearse")
@click.option(
    "--file",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Statements with semicolons, pg_stat_statements as CSV or JSON, or a server log; "
    "else pg_stat_statements of this database.",
)
@click.option("--as", "role", metavar="ROLE", help="The role to rehearse; else app_user.")
def command(app: App, file: Path | None, role: str | None) -> Exit:
    """Try every statement that the old role ran as the role it will run as. Executes none of them.

    If any is denied, would silently see fewer rows, or is the migration tool's work, the exit code is 4.
    """
    with app.walk(write=True) as walk, Counting(app.output) as counting:
        found = walk.rehearse(file=file, role=role, progress=counting)
    if app.output.json:
        app.output.data(shapes.rehearsal(found))
    else:
        _show(app.output, found)
    return Exit.OK if found.ok else Exit.DRIFT


def _show(printer: Printer, found: Rehearsal) -> None:
    for outcome, heading in _HEADINGS.items():
        verdicts = [each for each in found.verdicts if each.verdict == outcome]
        if not verdicts:
            continue
        printer.heading(f"{heading} ({len(verdicts)})")
        remedies = {verdict.remedy for verdict in verdicts}
        common = remedies.pop() if len(remedies) == 1 and verdicts[1:] else ""
        if common:
            printer.say(f"remedy for all of them: {one_line(common)}")
        for verdict in verdicts[:_SHOWN]:
            _show_one(printer, verdict, _STYLES[outcome], remedy=not common)
        if len(verdicts) > _SHOWN:
            printer.say(f"… and {len(verdicts) - _SHOWN:,} more: `flatsplit rehearse --json` has all", "dim")
    for purpose, lines in found.grants.items():
        printer.heading("What of it flatsplit.toml can grant")
        printer.say(f"[grants.{purpose}]")
        for word, names in lines.items():
            printer.say(f"{word} = [{', '.join(map(quote, names))}]")
    if found.applications:
        rows = [(name, *map(str, counts.values())) for name, counts in found.applications.items()]
        printer.table("By application_name", ("application", *found.summary), rows)
    printer.say()
    for note in found.notes:
        printer.say(one_line(note), "yellow")
    ground = (
        f"tried as {found.role}"
        if found.basis == "role"
        else f"reasoned from what {found.role} is going to be granted (it does not exist yet)"
    )
    printer.say(one_line(f"{count(len(found.verdicts), 'distinct statement')} from {found.source}, {ground}:"))
    printer.say(
        "  " + ", ".join(f"{number:,} {outcome}" for outcome, number in found.summary.items()),
        "green" if found.ok else "red",
    )


def _show_one(printer: Printer, verdict: Verdict, style: str, *, remedy: bool) -> None:
    query = one_line(verdict.query)
    printer.say(f"{query if len(query) <= 160 else query[:159] + '…'}", style)
    printer.say(f"    {count(verdict.calls, 'call')}; {one_line(_BASIS.sub('', verdict.reason))}")
    if remedy and verdict.remedy:
        printer.say(f"    remedy: {one_line(verdict.remedy)}")
