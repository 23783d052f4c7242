"""Reports while statements run: a progress bar on a terminal, otherwise a line for each batch."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from flatsplit.cli.output import Output, one_line
from flatsplit.cli.views.question import show_question
from flatsplit.cli.views.words import typed
from flatsplit.model import SPLIT, GateResult, Plan, StepState, WalkName
from flatsplit.walks.split import STEP_KEYS
from flatsplit.words import clipped, count

if TYPE_CHECKING:
    from flatsplit.server.locks import Holder

_ENDS: dict[str, tuple[str, str]] = {
    "done": ("done", "green"),
    "waiting": ("waiting", "yellow"),
    "rolled_back": ("rolled back", "green"),
}


class Narration:
    """A :class:`flatsplit.cutover.interaction.Reporter` on standard error; a context manager."""

    def __init__(self, output: Output, walk: WalkName = SPLIT, *, several: bool = False) -> None:
        """``walk``: the one whose steps are taken. Only steps of the split are numbered. ``several``: whether a command
        about it would be refused without ``--walk``.
        """
        self._walk = walk
        self._several = several
        self.err = output.err
        self.output = output
        self._live = output.err.terminal and os.environ.get("TERM") != "dumb"
        self._bar: Any = None
        self._task: Any = None
        self._told: tuple[tuple[int, str], ...] = ()
        self._told_at = 0.0

    def turn_to(self, walk: WalkName) -> None:
        """Print a line, where it is another walk than the command's."""
        self._pause()
        if walk != self._walk and walk != SPLIT:
            self.err.say(f"{one_line(walk.words)} goes along:", "bold")
            self._several = True
        self._walk = walk

    def typed(self, verb: str) -> str:
        """A command about the walk whose steps are taken, as it is typed."""
        return typed(verb, self._walk, several=self._several)

    # The moments of a step

    def step_started(self, key: str, title: str, statements: int) -> None:
        """Print a line with the step."""
        self._pause()
        numbered = self._walk == SPLIT and key in STEP_KEYS
        number = f"[{STEP_KEYS.index(key) + 1}/{len(STEP_KEYS)}] " if numbered else ""
        work = count(statements, "statement") if statements else "nothing to run"
        self.err.say(f"{number}{key}: {one_line(title)} ({work})", "bold")

    def batch_done(self, first: str, done: int, total: int) -> None:
        """Move the bar, or print a line."""
        self._told, self._told_at = (), 0.0
        if self._live:
            bar = self._running(total)
            bar.update(self._task, completed=done, total=total, description=_short(first))
        else:
            self.err.say(f"  {done}/{total} {one_line(first)}")
            self.err.stream.flush()

    def waiting_for(self, description: str, holders: Sequence[Holder], waited: float, patience: float) -> None:
        """Print who holds the lock, again only when that changes or after a minute."""
        if self._bar is not None:
            self._bar.update(self._task, description=f"waiting for a lock: {_short(description)}")
        pids = tuple((holder.pid, holder.prepared) for holder in holders) or ((0, ""),)
        if self._told and pids == self._told and waited - self._told_at < 60:
            return
        self._told, self._told_at = pids, waited
        time = f"{_seconds(waited)} of {_seconds(patience)}"
        self._above(f"  waiting for a lock ({time}): {one_line(description)}", "yellow")
        for holder in holders:
            self._above(f"    held by {describe(holder)}", "yellow")

    def note(self, text: str) -> None:
        """Print a line."""
        self._above(f"  {one_line(text)}")

    def gate(self, gate: GateResult) -> None:
        """Print a line for a gate that is open or waived; closed gates are part of the result."""
        if gate.waived:
            self._above(
                f"  gate {gate.key}: waived ({one_line(gate.waived)}), although {one_line(gate.reason)}", "yellow"
            )
        elif gate.open:
            self._above(f"  gate {gate.key}: open, {one_line(gate.reason)}", "yellow" if gate.notice else "dim")
            if gate.notice and gate.fix:
                self._above(f"    better: {one_line(gate.fix)}")

    def step_finished(self, key: str, state: StepState) -> None:
        """Print how the step ended."""
        self._pause()
        text, style = _ENDS[state]
        self.err.say(f"  {key}: {text}", style)
        self.err.stream.flush()

    # Questions

    def asking(self, question: Callable[[], Any]) -> Any:
        """Run something that asks a person, with the bar hidden."""
        self._pause()
        return question()

    # The bar

    def _running(self, total: int) -> Any:
        if self._bar is None:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (
                BarColumn(30),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.description}", markup=False),
            )
            self._bar = Progress("  ", *columns, console=self.err.console(), transient=True)
            self._task = self._bar.add_task("", total=total)
            self._bar.start()
        return self._bar

    def _above(self, text: str, style: str = "") -> None:
        if self._bar is None:
            self.err.say(text, style)
            self.err.stream.flush()
        else:
            from rich.text import Text

            rich_style = {"": "", "bold": "bold", "dim": "dim", "cyan": "cyan"}.get(style, style)
            self._bar.console.print(Text(text, style=rich_style))

    def _pause(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = self._task = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pause()


class Counting:
    """A progress bar, on a terminal only; a context manager that is called with how many of how many."""

    def __init__(self, output: Output) -> None:
        self._console = output.err
        self._live = output.err.terminal and os.environ.get("TERM") != "dumb"
        self._bar: Any = None
        self._task: Any = None

    def __call__(self, done: int, total: int) -> None:
        """Move the bar."""
        if not self._live:
            return
        if self._bar is None:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

            columns = (BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn())
            self._bar = Progress("  ", *columns, console=self._console.console(), transient=True)
            self._task = self._bar.add_task("", total=total)
            self._bar.start()
        self._bar.update(self._task, completed=done, total=total)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def _short(text: str) -> str:
    return clipped(one_line(text), 60)


def _seconds(value: float) -> str:
    minutes, seconds = divmod(round(value), 60)
    return f"{minutes}m {seconds:02}s" if minutes else f"{seconds}s"


def describe(holder: Holder) -> str:
    """A session on one line: enough to find it and its owner."""
    if holder.prepared:
        owner = one_line(holder.role)
        return f"the prepared transaction {holder.prepared!r} of {owner}, for {holder.age}: nobody ends it but by name"
    what = f"pid {holder.pid}, {one_line(holder.role)}"
    if holder.application:
        what += f" ({one_line(holder.application)})"
    if holder.client:
        what += f" from {one_line(holder.client)}"
    return f"{what}, {holder.state} for {holder.age}: {clipped(one_line(holder.query), 100)}"


class Asking:
    """A :data:`flatsplit.cutover.interaction.Confirm` that shows the plan and asks, unless ``--yes`` is given."""

    def __init__(self, narration: Narration, *, yes: bool) -> None:
        self.narration = narration
        self.yes = yes
        self.refused = False
        """Whether the person answered no."""

    def __call__(self, plan: Plan, purpose: str) -> bool:
        """Whether to go on."""
        if self.yes:
            if purpose not in ("next", "rollback"):  # no other command shows this plan as it is
                self.narration.asking(lambda: show_question(self.narration.err, plan, purpose, self.narration.typed))
            return True

        def ask() -> bool:
            question = show_question(self.narration.err, plan, purpose, self.narration.typed)
            return self.narration.output.ask(question)

        answer = bool(self.narration.asking(ask))
        self.refused = self.refused or not answer
        return answer
