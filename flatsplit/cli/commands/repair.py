"""``flatsplit repair``."""

from __future__ import annotations

from flatsplit.cli.app import App, make_command
from flatsplit.cli.options import yes_option
from flatsplit.errors import Exit


@make_command("repair")
@yes_option
def command(app: App, yes: bool) -> Exit:
    """Apply again what drifted from what finished steps promised.

    Takes no new step. Asks first on a terminal; elsewhere it goes ahead, since all of it was agreed to before.
    """
    from flatsplit.cli.progress import Asking, Narration
    from flatsplit.cli.steps_done import report

    with app.walk(write=True) as walk, Narration(app.output) as narration:
        asking = Asking(narration, yes=yes or not app.output.interactive)
        result = walk.repair(reporter=narration, confirm=asking)
    return report(app, result, asking, "Nothing to repair: what finished steps promised holds.")
