"""What the steps of a person's leaving need besides the State: who it is, and what was hers."""

from __future__ import annotations

from dataclasses import dataclass

from flatsplit import blueprint
from flatsplit.config import Config
from flatsplit.model import RoleFacts, State


@dataclass(frozen=True)
class Context:
    """The person, and what was first seen of her."""

    config: Config
    baseline: State
    """The person as she was: her role, its memberships and settings, what she owned, held and gave."""
    person: str

    @property
    def before(self) -> RoleFacts:
        """The role as it was; as if nobody may do anything where nothing was seen of it."""
        return self.baseline.roles.get(self.person, RoleFacts())

    @property
    def heir(self) -> str:
        """Who gets what she owned, but for what only a superuser may own."""
        return blueprint.owner(self.config)
