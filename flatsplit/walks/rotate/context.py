"""What the steps of a rotation need besides the State: the role, and what was first seen of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flatsplit.config import Config
from flatsplit.model import RoleFacts, State


@dataclass(frozen=True)
class Context:
    """The role whose password changes."""

    config: Config
    baseline: State
    """The role and its two logins as they were before, with their memberships and settings."""
    role: str
    """The subject of the walk: the group of the two logins, or the login itself."""
    twins: tuple[str, ...] = ()
    """The two logins of the role; () where its password changes in place."""

    @cached_property
    def former(self) -> str:
        """The login that was in use when the walk began."""
        return next((name for name in self.twins if self._before(name).login), self.twins[0])

    @cached_property
    def coming(self) -> str:
        """The login that was resting then."""
        return next(name for name in self.twins if name != self.former)

    def _before(self, name: str) -> RoleFacts:
        return self.baseline.roles.get(name, RoleFacts())

    @property
    def as_group(self) -> bool:
        """Whether sessions of the two logins begin as the role."""
        group = self.config.group(self.role)
        return group is not None and group.as_group


def coming(context: Context) -> tuple[str, ...]:
    """The logins that people are to use."""
    return (context.coming,)


def former(context: Context) -> tuple[str, ...]:
    """The logins that nobody is to use any more."""
    return (context.former,)
