"""What ``next``, ``rollback`` and ``repair`` say at their end, and the exit code that goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cli import shapes
from flatsplit.cli.app import App
from flatsplit.cli.output import one_line
from flatsplit.cli.plans import count, show_plan
from flatsplit.cli.progress import Asking
from flatsplit.errors import Exit

if TYPE_CHECKING:
    from flatsplit.cutover.results import AdvanceResult

_WORDS = {
    "done": "done",
    "running": "begun, not finished",
    "waiting": "waiting",
    "pending": "not begun",
    "rolled_back": "rolled back",
}


def report(app: App, result: AdvanceResult, asking: Asking | None = None) -> Exit:
    """Prints the result; 3 where a gate stopped the walk, 1 where the person did."""
    output = app.output
    if output.json:
        output.data(shapes.advance(result))
    else:
        if result.plan is not None:
            show_plan(output, result.plan)
        for outcome in result.outcomes:
            how = "found done by hand" if outcome.by_hand else count(outcome.executed, "statement")
            output.say(f"{outcome.key}: {_WORDS[outcome.state]} ({how})")
        for gate in result.waiting:
            output.say(f"waiting for {gate.key}: {one_line(gate.reason)}", "yellow")
            if gate.fix:
                output.say(f"  fix: {one_line(gate.fix)}")
            if gate.waivable:
                output.say(f'  or:  flatsplit next --waive {gate.key} --reason "why"', "dim")
    if asking is not None and asking.refused:
        output.err.say("stopped as you said; nothing further was changed")
        return Exit.ERROR
    if result.waiting:
        return Exit.WAITING
    if not output.json:
        _what_now(app, result)
    return Exit.WAITING if any(outcome.state == "waiting" for outcome in result.outcomes) else Exit.OK


def _what_now(app: App, result: AdvanceResult) -> None:
    if result.complete:
        app.output.say("The cutover is complete.", "green")
    elif result.plan is not None:
        app.output.err.say("dry run: nothing was changed; `flatsplit next` takes this step")
    elif result.next is not None:
        app.output.say(f"Next: {result.next}. See it with `flatsplit plan`, take it with `flatsplit next`.")
