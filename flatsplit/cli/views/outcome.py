"""What ``next``, ``rollback`` and ``repair`` say at their end, and the exit code that goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flatsplit.cli.app import App
from flatsplit.cli.output import Output, one_line
from flatsplit.cli.progress import Asking
from flatsplit.cli.views import shapes
from flatsplit.cli.views.plan import count, show_plan
from flatsplit.errors import Exit

if TYPE_CHECKING:
    from flatsplit.cutover.results import AdvanceResult, StepOutcome
    from flatsplit.model import GateResult

_WORDS = {
    "done": "done",
    "running": "begun, not finished",
    "waiting": "waiting",
    "pending": "not begun",
    "rolled_back": "rolled back",
}


def report(app: App, result: AdvanceResult, asking: Asking, idle: str) -> Exit:
    """Prints the result; 3 where a gate stopped the walk, 1 where the person did.

    ``idle`` is what to say when there was nothing to do.
    """
    output = app.output
    if output.json:
        output.data(shapes.advance(result))
    else:
        if result.plan is not None:
            show_plan(output, result.plan)
        if not (output.terminal and output.err.terminal):  # there, the narration has just said so
            for outcome in result.outcomes:
                _say_outcome(output, outcome)
        for gate in result.waiting:
            output.say(f"waiting for {gate.key}: {one_line(gate.reason)}", "yellow")
            if gate.fix:
                output.say(f"  fix: {one_line(gate.fix)}")
        if result.waiting:
            output.say(how_to_go_on(result.waiting))
    if asking.refused:
        output.err.say("stopped as you said; nothing further was changed")
        return Exit.ERROR
    if result.waiting:
        return Exit.WAITING
    if not output.json:
        _what_now(app, result, idle)
    return Exit.WAITING if any(outcome.state == "waiting" for outcome in result.outcomes) else Exit.OK


def _say_outcome(output: Output, outcome: StepOutcome) -> None:
    how = "found done by hand" if outcome.by_hand else count(outcome.executed, "statement")
    output.say(f"{outcome.key}: {_WORDS[outcome.state]}" + (f" ({how})" if outcome.by_hand or outcome.executed else ""))


def how_to_go_on(gates: Sequence[GateResult]) -> str:
    """What to type when these gates are closed."""
    text = "`flatsplit next` goes on when that is settled"
    if not all(gate.waivable for gate in gates):
        return f"{text}."
    waivers = " ".join(f"--waive {gate.key}" for gate in gates)
    return f'{text}; to go on all the same: flatsplit next {waivers} --reason "…"'


def _what_now(app: App, result: AdvanceResult, idle: str) -> None:
    if not result.outcomes and result.plan is None:
        app.output.say(idle)
    if result.complete:
        app.output.say("The cutover is complete.", "green")
    elif result.plan is not None:
        app.output.err.say("dry run: nothing was changed; `flatsplit next` takes this step")
    elif result.next is None:
        app.output.say("Nothing is left to do.", "green")
    else:
        app.output.say(f"Next: {result.next}. See it with `flatsplit plan`, take it with `flatsplit next`.")
