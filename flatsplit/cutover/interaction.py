"""What the use cases ask of whoever calls them, and tell while they work. No click, no rich in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from flatsplit.model import GateResult, Plan, StepState, WalkName

if TYPE_CHECKING:
    from flatsplit.server.locks import Holder


class Reporter(Protocol):
    """Hears what happens while statements run."""

    def turn_to(self, walk: WalkName) -> None:
        """What comes next is about this walk."""

    def step_started(self, key: str, title: str, statements: int) -> None:
        """A step begins; ``statements`` counts what it will run."""

    def batch_done(self, first: str, done: int, total: int) -> None:
        """A transaction committed; ``first`` describes its first statement."""

    def waiting_for(self, description: str, holders: Sequence[Holder], waited: float, patience: float) -> None:
        """A lock did not come; it will be tried again. Seconds waited so far without progress, and their limit."""

    def note(self, text: str) -> None:
        """Something worth a line: an object vanished, a step was found done by hand."""

    def gate(self, gate: GateResult) -> None:
        """A gate was looked at."""

    def step_finished(self, key: str, state: StepState) -> None:
        """A step ended in this state."""


Confirm = Callable[[Plan, str], bool]
"""Shows a plan (and what it is for: "next", "rollback", "repair", or in words) and asks; False stops without changing
anything.
"""


class Passwords(Protocol):
    """Where clear-text passwords come from; asked only when a statement needs a verifier."""

    def for_roles(self, roles: Sequence[str]) -> dict[str, str]:
        """Clear-text password per role. Raises UsageError where one is missing and nobody can be asked."""

    def keep(self, role: str, password: str, verifier: str) -> None:
        """Hears what the server is about to get, for who keeps it."""

    def require(self, roles: Sequence[str]) -> None:
        """Raises UsageError where it is sure by now that there will be none for these roles. Asks nobody."""

    def at_hand(self) -> Mapping[str, str]:
        """All that are known without asking anybody or making one up."""


def tell(plan: Plan, reporter: Reporter) -> None:
    """Say what a plan leaves as it is: also to whoever was not asked and has not seen the plan."""
    for note in plan.notes:
        for line in note.objects:
            reporter.note(line)
