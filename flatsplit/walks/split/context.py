"""What a step needs besides the State: the configuration, and what was first seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from flatsplit import blueprint
from flatsplit.config import Config, GrantName, parse_name
from flatsplit.config.owner_powers import means
from flatsplit.model import RELATIONS, ROUTINES, ObjectFacts, ObjectRef, State


@dataclass(frozen=True)
class Context:
    """What the steps of the split work with."""

    config: Config
    baseline: State
    """What was first seen of legacy, of adopted roles, and of everything else that a step changes."""
    retired: bool = False
    """Whether legacy's own rights are being revoked or gone: what it held is then read from the baseline."""
    reopened: bool = False
    """Whether another database that uses legacy has let it log in after this walk had locked it; then it stays so."""
    whole: Config | None = None
    """The configuration as it was written, where ``config`` leaves out groups that a walk of their own makes."""

    @property
    def written(self) -> Config:
        """The configuration with all its groups: for what is asked about roles in use, and not by the split's steps."""
        return self.whole or self.config

    @cached_property
    def legacy(self) -> str:
        """The role that owns everything."""
        return self.config.legacy_role

    @cached_property
    def owners(self) -> frozenset[str]:
        """Roles whose objects belong to the application."""
        return self.retiring | {blueprint.owner(self.config)}

    @cached_property
    def retiring(self) -> frozenset[str]:
        """Legacy, and the owners whose objects move like legacy's."""
        return frozenset({self.legacy, *(self.config.owners or ())})

    @cached_property
    def scope(self) -> frozenset[str]:
        """The schemas in scope."""
        return frozenset(self.config.schemas)

    @cached_property
    def adopted(self) -> frozenset[str]:
        """New roles that existed before ``init``."""
        return frozenset(self.config.roles.new) & self.baseline.roles.keys()

    @cached_property
    def bootstrap(self) -> bool:
        """Whether legacy is the bootstrap superuser of the cluster: it cannot be demoted, nor its extensions moved."""
        return self.legacy == self.baseline.target.bootstrap

    @cached_property
    def _left(self) -> dict[tuple[str, ...], list[GrantName]]:
        found: dict[tuple[str, ...], list[GrantName]] = {}
        for name in map(parse_name, self.config.powers.dba):
            found.setdefault(name.parts, []).append(name)
        return found

    def left(self, ref: ObjectRef) -> bool:
        """Whether the configuration leaves this relation or routine with dba ([owner-powers])."""
        names = self._left.get((ref.schema, ref.name), ()) if self._left else ()
        if not names or ref.kind not in RELATIONS | ROUTINES:
            return False
        args = ref.args if ref.kind in ROUTINES else None
        return any(means(name, ref.schema, ref.name, args) for name in names)

    def left_of(self, objects: Iterable[ObjectRef]) -> frozenset[ObjectRef]:
        """Those of the objects that it leaves with dba."""
        return frozenset(ref for ref in objects if self.left(ref)) if self._left else frozenset()

    def holdings(self, state: State) -> State:
        """The State in which legacy's own privileges and memberships can be read: live, or the baseline once they are
        revoked.
        """
        return self.baseline if self.retired else state

    def in_scope(self, ref: ObjectRef) -> bool:
        """Whether the object is a schema in scope or in one. Large objects are in no schema and always count."""
        return ref.kind == "large_object" or (ref.name if ref.kind == "schema" else ref.schema) in self.scope

    def ours(self, ref: ObjectRef, facts: ObjectFacts) -> bool:
        """Whether the blueprint's grants apply: the object is the application's, in scope, no member of an extension,
        and not left with dba.
        """
        mine = facts.owner in self.owners and not self.left(ref)
        return mine and not facts.extension and facts.note != "system" and self.in_scope(ref)
