"""What the parts of the judge need of the whole: routines contain statements and views relations, which are
judged too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flatsplit.rehearsal.actor import Actor
    from flatsplit.rehearsal.catalog_lookup import World
    from flatsplit.rehearsal.grammar import Node, Parsed
    from flatsplit.rehearsal.relation_parts import Relation, Routine, Trigger
    from flatsplit.rehearsal.uses import RelationUse, RoutineUse, Uses
    from flatsplit.rehearsal.values import Problem

Path = tuple[str, ...]
Given = tuple[str | None, ...]
"""The arguments of a call that are constants."""


class Judging(Protocol):
    """The judge as seen by the modules that it calls and that call it again."""

    actor: Actor
    world: World
    views: dict[tuple[int, frozenset[str]], list[Problem]]
    """Problems found for views, by oid and by how they are used."""
    writes: dict[tuple[int, str], list[Problem]]
    """Problems found for writing to a table, by oid and letter."""

    def beside(self, key: str, actor: Callable[[], Actor]) -> Judging:
        """The judge for another role, made when first asked for. All judges of a rehearsal share the others."""

    def statement(self, parsed: Parsed, path: Path | None = None) -> list[Problem]:
        """All problems of one statement."""

    def planned(self, node: Node, path: Path | None = None) -> list[Problem]:
        """Problems of a statement that has a plan."""

    def relation(self, use: RelationUse, uses: Uses, path: Path | None) -> list[Problem]:
        """Problems of one relation that a statement names."""

    def held(self, relation: Relation, use: RelationUse, uses: Uses) -> list[Problem]:
        """Problems of the role's own privileges on a relation and of its row-level security."""

    def called(self, oid: int, given: Given = (), *, stored: bool = False) -> list[Problem]:
        """Problems of a routine that the role calls, or (``stored``) that a stored expression calls."""

    def trigger(self, trigger: Trigger) -> list[Problem]:
        """Problems of a trigger's routine."""

    def routine(self, call: RoutineUse, path: Path | None) -> list[Problem]:
        """Problems of one call."""

    def remember_temporary(self, statements: Iterable[Parsed]) -> None:
        """Remember the temporary relations that a body creates, for later statements of the session."""

    def inside(self, routine: Routine, where: str, path: Path | None = None, given: Given = ()) -> list[Problem]:
        """Problems of a routine's statements, run by the role itself."""
