"""``flatsplit doctor``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from flatsplit.cli import shapes
from flatsplit.cli.app import App, make_command
from flatsplit.cli.plans import count, show_findings
from flatsplit.errors import Exit

if TYPE_CHECKING:
    from flatsplit.model import Finding

_ORDER = ("blocker", "warning", "note")


@make_command("doctor")
def command(app: App) -> Exit:
    """Look for hazards: blockers, warnings, notes. Changes nothing.

    A blocker has to be settled before the walk begins; with one, the exit code is 5.
    """
    findings = sorted(_findings(app), key=lambda found: _ORDER.index(found.severity))
    numbers: Counter[str] = Counter(found.severity for found in findings)
    output = app.output
    if output.json:
        output.data(
            {"findings": [shapes.finding(found) for found in findings], **{f"{s}s": numbers[s] for s in _ORDER}}
        )
    else:
        show_findings(output, findings)
        style = "red" if numbers["blocker"] else "green"
        output.say(", ".join(count(numbers[severity], severity) for severity in _ORDER), style)
        if not numbers["blocker"]:
            output.say("Nothing stands in the way: `flatsplit plan` shows the next step.")
    return Exit.REFUSED if numbers["blocker"] else Exit.OK


def _findings(app: App) -> tuple[Finding, ...]:
    """As of the cutover that is under way; before init, as of now."""
    config = app.config()
    from flatsplit.cutover.survey import doctor
    from flatsplit.cutover.walk import Walk
    from flatsplit.journal import Journal

    with app.session(write=False) as session:
        if Journal(session).exists():
            return Walk.open(session, config).doctor()
        return doctor(session, config)
