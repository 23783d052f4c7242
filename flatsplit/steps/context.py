"""What a step needs besides the State: the configuration and what was first seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flatsplit.config import Config
from flatsplit.model import ObjectFacts, ObjectRef, State

JOURNAL_SCHEMA = "flatsplit"
"""Schema of the tracking tables; nothing in it is the application's."""


@dataclass(frozen=True)
class Context:
    """The blueprint that the steps work towards."""

    config: Config
    baseline: State
    """What was first seen of legacy, of adopted roles and of whatever else a step changes."""
    retired: bool = False
    """Legacy's own rights are (being) taken away: what it held is read from the baseline, not from live."""

    @cached_property
    def legacy(self) -> str:
        """The role that owns everything."""
        return self.config.legacy_role

    @cached_property
    def owners(self) -> frozenset[str]:
        """Roles whose objects belong to the application."""
        return self.retiring | {self.config.roles.app_migrator}

    @cached_property
    def retiring(self) -> frozenset[str]:
        """Legacy, and the owners whose objects move like its own."""
        return frozenset({self.legacy, *(self.config.owners or ())})

    @cached_property
    def scope(self) -> frozenset[str]:
        """Schemas in scope."""
        return frozenset(self.config.schemas)

    @cached_property
    def adopted(self) -> frozenset[str]:
        """New roles that existed before flatsplit came."""
        return frozenset(self.config.roles.new) & self.baseline.roles.keys()

    @cached_property
    def bootstrap(self) -> bool:
        """Legacy is the cluster's bootstrap superuser: pinned, cannot be demoted, its extensions cannot be moved."""
        return self.legacy == self.baseline.target.bootstrap

    def holdings(self, state: State) -> State:
        """Where legacy's own privileges and memberships are to be read."""
        return self.baseline if self.retired else state

    def in_scope(self, ref: ObjectRef) -> bool:
        """Whether the object lies in a schema in scope, or is one; large objects lie in none and always count."""
        return ref.kind == "large_object" or (ref.name if ref.kind == "schema" else ref.schema) in self.scope

    def ours(self, ref: ObjectRef, facts: ObjectFacts) -> bool:
        """Whether the blueprint's grants are for this object: the application's, in scope, no extension's."""
        return facts.owner in self.owners and not facts.extension and facts.note != "system" and self.in_scope(ref)
