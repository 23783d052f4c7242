"""The privileges that a statement needs, as values: the problems of a role that has no privilege at all.

So needs are found wherever the judge looks: in the statement, behind views with security_invoker, in policies,
defaults, triggers and bodies of routines. What runs as another role needs nothing of this one.
"""

from __future__ import annotations

from typing import NamedTuple

from flatsplit.model import ObjectFacts, ObjectRef, State
from flatsplit.rehearsal.actor import Actor
from flatsplit.rehearsal.grammar import Parsed
from flatsplit.rehearsal.judge import Judge
from flatsplit.rehearsal.values import Need, worst
from flatsplit.rights.inherited import Inherited


class _Nothing(Inherited):
    """The rights of a role that has none, not even those of PUBLIC. Policies apply to it as to the role itself, since
    their conditions need something, too.
    """

    def __init__(self, state: State, role: str) -> None:
        super().__init__(state, role)
        self.closure = frozenset()
        self.superuser = False

    def owns(self, facts: ObjectFacts) -> bool:  # noqa: ARG002
        return False

    def letters(self, facts: ObjectFacts) -> frozenset[str]:  # noqa: ARG002
        return frozenset()

    def columns(self, ref: ObjectRef, letter: str, columns: frozenset[str]) -> frozenset[str]:  # noqa: ARG002
        return frozenset()

    def some_column(self, ref: ObjectRef, letter: str) -> bool:  # noqa: ARG002
        return False


class StatementNeeds(NamedTuple):
    """What a statement needs."""

    needs: tuple[Need, ...]
    """Privileges, each once."""
    unlisted: str
    """What it needs besides that is no privilege on a certain object, such as one on a sequence whose name was a
    constant that pg_stat_statements has replaced; "" for nothing.
    """


class Needs:
    """Finds the needs of statements with a judge."""

    def __init__(self, judge: Judge) -> None:
        asked = judge.actor
        actor = Actor(
            asked.world, asked.goal, asked.live, asked.context, asked.role, asked.temporary, asked.created, asked.set_by
        )
        actor.rights = _Nothing(asked.goal, asked.role)
        self._judge = Judge(actor, judge.kinds, every=True)
        self._judge.owners = {**judge.owners, asked.role: self._judge}

    def of(self, parsed: Parsed) -> StatementNeeds:
        """What one statement needs."""
        found = self._judge.statement(parsed)
        besides = worst([each for each in found if not each.needs and each.outcome in ("denied", "unknown")])
        return StatementNeeds(
            tuple(sorted({need for problem in found for need in problem.needs})),
            f"without the rights that it has today: {besides.reason}" if besides is not None else "",
        )
