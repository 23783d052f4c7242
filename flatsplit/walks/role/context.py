"""What the steps need besides the State: the special role as the configuration has it now."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flatsplit import blueprint
from flatsplit.config import Config, Special
from flatsplit.model import State


@dataclass(frozen=True)
class Context:
    """A special role, and what was first seen of it and of the role that it begins like."""

    config: Config
    baseline: State
    role: str

    @cached_property
    def special(self) -> Special | None:
        """Its section of the configuration; None where that was removed: then no step wants anything more."""
        return self.config.special_role(self.role)

    @property
    def source(self) -> str:
        """The role whose settings it takes over, so that names mean the same to both."""
        like = self.special.like if self.special is not None else ""
        return like or blueprint.application(self.config)

    @cached_property
    def owners(self) -> frozenset[str]:
        """The roles that own the application's objects: app_migrator, the old owners, and special roles."""
        config = self.config
        makers = (one.name for one in config.special if one.create)
        return frozenset({blueprint.owner(config), config.legacy_role, *(config.owners or ()), *makers})
