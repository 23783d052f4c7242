"""What the steps of a leaving need besides the State: the person, and what was first seen of them."""

from __future__ import annotations

from dataclasses import dataclass

from flatsplit import blueprint
from flatsplit.config import Config
from flatsplit.model import RoleFacts, State


@dataclass(frozen=True)
class Context:
    """The person, and what was first seen of them."""

    config: Config
    baseline: State
    """The person's role before: its memberships and settings, what it owned, held and granted."""
    person: str

    @property
    def before(self) -> RoleFacts:
        """The role as it was; without any attribute where it was not seen."""
        return self.baseline.roles.get(self.person, RoleFacts())

    @property
    def heir(self) -> str:
        """The role that gets the person's objects, except those that only a superuser may own."""
        return blueprint.owner(self.config)
