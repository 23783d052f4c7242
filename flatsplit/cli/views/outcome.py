"""The result of ``next``, ``rollback`` and ``repair``, with its exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.cli.output import Output, one_line
from flatsplit.cli.views import findings, gates, plan
from flatsplit.cli.views.gates import how_to_go_on
from flatsplit.cli.views.not_begun import show_not_begun
from flatsplit.cli.views.shapes import plain
from flatsplit.cli.views.words import typed
from flatsplit.errors import Exit
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.cutover.outcome import AdvanceResult, StepOutcome

_WORDS = {
    "done": "done",
    "running": "begun, not finished",
    "waiting": "waiting",
    "pending": "not begun",
    "rolled_back": "rolled back",
}


def show(output: Output, result: AdvanceResult, *, idle: str, refused: bool, around: Json | None = None) -> Exit:
    """Print the result; 3 where a gate stopped the walk, 1 where the person answered no.

    ``idle``: what to say when there was nothing to do. ``refused``: whether the person answered no. ``around``: JSON
    that gets the result under ``taken``.
    """
    if output.json:
        output.data(shape(result) if around is None else {**around, "taken": shape(result)})
    else:
        if result.plan is not None:
            plan.show(output, result.plan)
        if not (output.terminal and output.err.terminal):  # there, the messages have just said so
            for outcome in result.outcomes:
                _say_outcome(output, outcome)
        for one in result.rode:
            _say_rode(output, one)
        for gate in result.waiting:
            output.say(f"waiting for {gate.key}: {one_line(gate.reason)}", "yellow")
            if gate.fix:
                output.say(f"  fix: {one_line(gate.fix)}")
        if result.waiting:
            output.say(how_to_go_on(result.waiting, result.walk, several=result.several))
    if refused:
        output.err.say("stopped as you said; nothing further was changed")
        return Exit.ERROR
    if result.waiting:
        return Exit.WAITING
    if not output.json:
        _what_now(output, result, idle)
    return Exit.WAITING if any(outcome.state == "waiting" for outcome in result.outcomes) else Exit.OK


def _what(result: AdvanceResult) -> str:
    return "cutover" if result.walk.kind == "split" else f"walk {one_line(result.walk.words)}"


def _say_outcome(output: Output, outcome: StepOutcome, of: str = "") -> None:
    how = "found done by hand" if outcome.by_hand else count(outcome.executed, "statement")
    output.say(
        f"{of}{outcome.key}: {_WORDS[outcome.state]}" + (f" ({how})" if outcome.by_hand or outcome.executed else "")
    )


def _say_rode(output: Output, result: AdvanceResult) -> None:
    if not (output.terminal and output.err.terminal):
        for outcome in result.outcomes:
            _say_outcome(output, outcome, f"{one_line(result.walk.words)}, ")
    for gate in result.waiting:
        output.say(f"{one_line(result.walk.words)} is waiting for {gate.key}: {one_line(gate.reason)}", "yellow")
        if gate.fix:
            output.say(f"  fix: {one_line(gate.fix)}")
    if result.next is not None:
        output.say(f"{one_line(result.walk.words)} goes on by itself: `{typed('next', result.walk, several=True)}`")


def _what_now(output: Output, result: AdvanceResult, idle: str) -> None:
    if not result.outcomes and result.plan is None:
        output.say(idle)
    if result.drifted:
        missing = count(result.drifted, "statement")
        verb, them = ("is", "it") if result.drifted == 1 else ("are", "them")
        output.say(
            f"{missing} of finished steps {verb} wanted again, or since: `flatsplit repair` runs {them}.", "yellow"
        )
    if result.complete:
        asks = "; flatsplit.toml asks for more" if result.not_begun else ""
        output.say(f"The {_what(result)} is complete{asks}.", "green")
        show_not_begun(output, result.not_begun)
    elif result.plan is not None:
        output.err.say(
            f"dry run: nothing was changed; `{typed('next', result.walk, several=result.several)}` takes this step"
        )
    elif result.next is None:
        output.say("Nothing is left to do.", "green")
    else:
        plan_, next_ = (typed(verb, result.walk, several=result.several) for verb in ("plan", "next"))
        output.say(f"Next: {result.next}. See it with `{plan_}`, take it with `{next_}`.")


def shape(result: AdvanceResult) -> Json:
    """``next``, ``rollback`` and ``repair``: what happened to each step."""
    return {
        "steps": [_outcome(outcome) for outcome in result.outcomes],
        "next": result.next,
        "waiting": [gates.shape(item) for item in result.waiting],
        "complete": result.complete,
        "plan": plan.shape(result.plan) if result.plan else None,
        "not_begun": [plain(one) for one in result.not_begun],
        "rode": [{"walk": str(one.walk), **shape(one)} for one in result.rode],
    }


def _outcome(outcome: StepOutcome) -> Json:
    return {
        "key": outcome.key,
        "state": outcome.state,
        "executed": outcome.executed,
        "by_hand": outcome.by_hand,
        "gates": [gates.shape(item) for item in outcome.gates],
        "notes": [findings.shape(note) for note in outcome.notes],
    }
