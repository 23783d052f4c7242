"""A statement, the role it is judged for, and the answers that a rule can give."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from flatsplit import privileges
from flatsplit.model import ObjectRef
from flatsplit.rehearsal.actor import Actor
from flatsplit.rehearsal.catalog_lookup import World
from flatsplit.rehearsal.grammar import Node, Parsed
from flatsplit.rehearsal.remedies import shown
from flatsplit.rehearsal.statement_names import word
from flatsplit.rehearsal.values import Problem

if TYPE_CHECKING:
    from flatsplit.rehearsal.judge import Judge

Path = tuple[str, ...] | None

SUPERUSER = "SUPERUSER"
OWNERSHIP = "OWNERSHIP"
MEMBERSHIP = "MEMBERSHIP"


@dataclass
class Answers:
    """One statement judged for one role. Every answer is a list of problems, empty where the role lacks nothing."""

    judge: Judge
    parsed: Parsed
    path: Path
    children: bool = field(default=False)

    @property
    def node(self) -> Node:
        """The statement's tree."""
        return self.parsed.node

    @property
    def actor(self) -> Actor:
        """The role, with its rights."""
        return self.judge.actor

    @property
    def world(self) -> World:
        """The catalog."""
        return self.judge.world

    @cached_property
    def what(self) -> str:
        """The kind of the statement in words."""
        return word(self.parsed)

    @cached_property
    def sight(self) -> tuple[str, ...]:
        """The search_path as far as the role may use it (recomputeNamespacePath() in namespace.c)."""
        path = self.actor.path if self.path is None else self.path
        return tuple(name for name in path if self.actor.holds(ObjectRef("schema", "", name), "U"))

    # -- answers

    def lacking(self, reason: str, object_: str = "", privilege: str = OWNERSHIP) -> list[Problem]:
        """The problem that the role may not do this. What to do about it is added where all rules come together."""
        return [Problem("denied", reason, object_, privilege)]

    def unknown(self, reason: str, object_: str = "") -> list[Problem]:
        """The problem that it cannot be told."""
        return [Problem("unknown", reason, object_)]

    def superuser(self, reason: str = "", object_: str = "") -> list[Problem]:
        """The problem that this is for superusers only."""
        return self.lacking(reason or f"{self.what} is for superusers only", object_, SUPERUSER)

    def holds(self, ref: ObjectRef, letter: str) -> list[Problem]:
        """The problem that a privilege is missing; empty where the role has it."""
        if self.actor.holds(ref, letter):
            return []
        name = privileges.NAMES[letter]
        return self.lacking(f"{self.what} needs {name} on {shown(ref)}, which {self.role} has not", shown(ref), name)

    @property
    def role(self) -> str:
        """The name of the role."""
        return self.actor.role
