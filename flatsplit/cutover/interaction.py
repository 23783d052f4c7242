"""What the use cases ask of their caller and report to it while they work. No click, no rich."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from flatsplit.model import GateResult, Plan, StepState, WalkName

if TYPE_CHECKING:
    from flatsplit.server.locks import Holder


class Reporter(Protocol):
    """Hears what happens while statements run."""

    def turn_to(self, walk: WalkName) -> None:
        """What is reported from here on is about this walk."""

    def step_started(self, key: str, title: str, statements: int) -> None:
        """A step begins; it has this many ``statements`` to run."""

    def batch_done(self, first: str, done: int, total: int) -> None:
        """A transaction committed; ``first`` describes the first of its statements."""

    def waiting_for(self, description: str, holders: Sequence[Holder], waited: float, patience: float) -> None:
        """A lock was not obtained and will be tried again. In seconds: ``waited`` without progress, of at most
        ``patience``.
        """

    def note(self, text: str) -> None:
        """Something worth a line, such as an object that is gone or a step that was done by hand."""

    def gate(self, gate: GateResult) -> None:
        """A gate was judged."""

    def step_finished(self, key: str, state: StepState) -> None:
        """A step ended in this state."""


Confirm = Callable[[Plan, str], bool]
"""Shows a plan (and what it is for: "next", "rollback", "repair", or in words) and asks; False stops without changing
anything.
"""


class Passwords(Protocol):
    """Where clear-text passwords come from. They are asked for only when a statement needs a verifier."""

    def for_roles(self, roles: Sequence[str]) -> dict[str, str]:
        """A clear-text password for each role. Raises UsageError where one is missing and nobody can be asked."""

    def keep(self, role: str, password: str, verifier: str) -> None:
        """Hears of a password just before the server gets it; a store keeps it here."""

    def require(self, roles: Sequence[str]) -> None:
        """Raise UsageError where it is certain already that there will be no password for these roles. Asks nobody."""

    def at_hand(self) -> Mapping[str, str]:
        """The passwords that are known without asking anybody or making one up."""


def tell(plan: Plan, reporter: Reporter) -> None:
    """Report what a plan leaves as it is, also to callers who were not asked and have not seen the plan."""
    for note in plan.notes:
        for line in note.objects:
            reporter.note(line)
