"""``flatsplit verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cli import shapes
from flatsplit.cli.app import App, make_command
from flatsplit.cli.output import Printer, one_line
from flatsplit.cli.plans import count, show_findings, summarise
from flatsplit.errors import Exit

if TYPE_CHECKING:
    from flatsplit.cutover.results import VerifyReport


@make_command("verify")
def command(app: App) -> Exit:
    """Try what each role can and cannot do, and look for drift of all finished steps. Changes nothing.

    With a failed expectation or drift the exit code is 4.
    """
    with app.walk(write=False) as walk:
        found = walk.verify()
    if app.output.json:
        app.output.data(shapes.verify(found))
    else:
        _show(app.output, found)
    return Exit.OK if found.ok else Exit.DRIFT


def _show(printer: Printer, found: VerifyReport) -> None:
    rows = [
        (
            check.role,
            "can" if check.expected else "cannot",
            check.act,
            f"{check.count:,}",
            "ok" if check.ok else f"NO: {count(check.exception_count, 'exception')}",
        )
        for check in found.checks
    ]
    if rows:
        printer.table("Can and cannot", ("role", "", "act", "objects", "holds"), rows)
        printer.say()
    for check in found.checks:
        if not check.ok:
            word = "cannot" if check.expected else "can"
            printer.say(one_line(f"{check.role} {word} {check.act}: {count(check.exception_count, 'object')}"), "red")
            for name in check.exceptions:
                printer.say(f"    {one_line(name)}")
            if check.exception_count > len(check.exceptions):
                printer.say(f"    … and {check.exception_count - len(check.exceptions):,} more", "dim")
    show_findings(printer, found.notes)
    if found.drift:
        printer.say(
            f"Drift: {count(len(found.drift), 'statement')} would bring back what finished steps promised:", "red"
        )
        summarise(printer, found.drift)
        printer.say("`flatsplit repair` runs them.")
    elif not found.ok:
        printer.say("No finished step asks for what is wrong here: whoever granted or changed it has to take it back.")
    steps = count(len(found.steps), "finished step")
    printer.say(
        f"All that {steps} promised holds." if found.ok else f"Not all that {steps} promised holds.",
        "green" if found.ok else "red",
    )
