"""What the parts of a judgement ask of the whole: a routine holds statements, a view relations, judged like any."""

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
    """The judge, as those see it that it calls and that call it again."""

    actor: Actor
    world: World
    views: dict[tuple[int, frozenset[str]], list[Problem]]
    """What was said of views, by oid and how they are used."""
    writes: dict[tuple[int, str], list[Problem]]
    """What was said of writing to a table, by oid and letter."""

    def beside(self, key: str, actor: Callable[[], Actor]) -> Judging:
        """The judge of another role, made at its first call; those of one rehearsal know one another."""

    def statement(self, parsed: Parsed, path: Path | None = None) -> list[Problem]:
        """Everything that speaks against one statement."""

    def planned(self, node: Node, path: Path | None = None) -> list[Problem]:
        """For a statement that the planner takes."""

    def relation(self, use: RelationUse, uses: Uses, path: Path | None) -> list[Problem]:
        """One relation that a statement names."""

    def held(self, relation: Relation, use: RelationUse, uses: Uses) -> list[Problem]:
        """The role's own privileges on a relation, and the row security that it is under."""

    def called(self, oid: int, given: Given = (), *, stored: bool = False) -> list[Problem]:
        """A routine that the role calls, or (``stored``) that is in what is stored."""

    def trigger(self, trigger: Trigger) -> list[Problem]:
        """A trigger's routine."""

    def routine(self, call: RoutineUse, path: Path | None) -> list[Problem]:
        """One call."""

    def remember_temporary(self, statements: Iterable[Parsed]) -> None:
        """What a body makes for the time of a session, for the statements that come."""

    def inside(self, routine: Routine, where: str, path: Path | None = None, given: Given = ()) -> list[Problem]:
        """The statements of a routine, run by the role itself."""
