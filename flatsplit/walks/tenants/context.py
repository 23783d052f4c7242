"""What a step needs besides the State: the configuration, the baseline, and what each table is to a tenant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from flatsplit import blueprint
from flatsplit.model import Acl, ObjectRef, PolicyFacts, State
from flatsplit.tenants import Belonging, clashes, role_of
from flatsplit.walks import marks, tenants
from flatsplit.walks.tenants.all_rows import Readers, everyone
from flatsplit.walks.tenants.conditions import conditions
from flatsplit.walks.tenants.strangers import strangers
from flatsplit.walks.tenants.tables import Tables

ALL_ROWS = PolicyFacts(using="true")

Policies: TypeAlias = Mapping[ObjectRef, tuple[PolicyFacts, frozenset[str]]]
"""Policies, each with its condition and the roles that it is for."""


@dataclass(frozen=True)
class Context(Tables):
    """What all steps of this walk are given."""

    @property
    def pool(self) -> str:
        """The role that logs in for all tenants and uses SET ROLE; "" where each tenant's role logs in itself."""
        return self.tenants.pool if self.tenants.connect == "pool" else ""

    @property
    def connects(self) -> tuple[str, ...]:
        """The roles that tenants' connections log in as."""
        return (self.pool,) if self.pool else tuple(sorted(self.live.tenants))

    @cached_property
    def application(self) -> str:
        """The application's role: the tenants get its rights on rows."""
        return blueprint.application(self.config)

    # -- policies

    @cached_property
    def _kept_apart(self) -> dict[ObjectRef, Mapping[ObjectRef, PolicyFacts]]:
        """A cache for :meth:`kept_apart`. It depends only on the tables and the configuration, so it is stored with
        the Structure and outlives this Context.
        """
        kept: dict[ObjectRef, Mapping[ObjectRef, PolicyFacts]] = {}
        if self.live.structure is not None:
            found = self.live.structure.worked_out.setdefault((self.tenants, "kept apart"), kept)
            assert isinstance(found, dict)
            kept = found
        return kept

    def kept_apart(self, one: Belonging) -> Mapping[ObjectRef, PolicyFacts]:
        """The policies of a table except ``everyone``, with their conditions. Cached: several steps ask for them."""
        found = self._kept_apart.get(one.ref)
        if found is None:
            found = {
                ObjectRef("policy", one.ref.schema, one.ref.name, name): facts
                for name, facts in conditions(self.tenants, one).items()
            }
            self._kept_apart[one.ref] = found
        return found

    @cached_property
    def kept(self) -> Mapping[ObjectRef, PolicyFacts]:
        """The policies of all tables except ``everyone``, with their conditions."""
        found: dict[ObjectRef, PolicyFacts] = {}
        for one in self.apart.values():
            found.update(self.kept_apart(one))
        return found

    @cached_property
    def _policies(self) -> dict[tuple[ObjectRef, frozenset[str]], Policies]:
        return {}

    def policies(self, state: State, one: Belonging) -> Policies:
        """All policies that a table is to have, each with its condition and the roles that it is for."""
        named = frozenset[str]() if self.guarded(one.ref) else self.everyone(state, one.ref)
        found = self._policies.get((one.ref, named))
        if found is None:
            found = {ref: (facts, self.tenants_alone) for ref, facts in self.kept_apart(one).items()}
            if named:
                found[ObjectRef("policy", one.ref.schema, one.ref.name, tenants.EVERYONE)] = (ALL_ROWS, named)
            self._policies[one.ref, named] = found
        return found

    @cached_property
    def tenants_alone(self) -> frozenset[str]:
        """The roles that all policies but ``everyone`` are for: the group."""
        return frozenset({self.group})

    def seers(self, state: State) -> Mapping[ObjectRef, frozenset[str]]:
        """The policy ``everyone`` of each table that is to have one, with the roles that it is for."""
        known = self.known(state)
        if known.seers is None:
            tables = ((ref, self.everyone(state, ref)) for ref in self.apart if not self.guarded(ref))
            known.seers = {
                ObjectRef("policy", ref.schema, ref.name, tenants.EVERYONE): named for ref, named in tables if named
            }
        return known.seers

    def in_place(self, state: State) -> bool:
        """Whether every table has all of its policies."""
        there = state.policies.keys()
        return self.kept.keys() <= there and self.seers(state).keys() <= there

    @cached_property
    def _known(self) -> dict[int, tuple[State, Readers]]:
        return {}

    def known(self, state: State) -> Readers:
        """What is worked out of a State once, and used for each of its tables: there may be thousands of both."""
        found = self._known.get(id(state))
        if found is None:
            of = Readers.of(state, {self.group, self.pool, *state.tenants, *self.wanted})
            self._known[id(state)] = found = (state, of)  # keeps the State alive: another could get its id
        return found[1]

    def everyone(self, state: State, ref: ObjectRef) -> frozenset[str]:
        """The roles that a table's policy ``everyone`` has to name."""
        return everyone(state, ref, self.known(state))

    def columns_of(self, state: State, ref: ObjectRef) -> list[tuple[ObjectRef, Acl]]:
        """Columns of a table that have an ACL of their own."""
        return self.known(state).columns.get((ref.schema, ref.name), [])

    # -- roles

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of the tenants that have no role yet; empty where the root's rows were not read."""
        served = set(self.live.tenants.values())
        known = self.live.structure.keys if self.live.structure is not None else None
        return tuple(key for key in known or () if key not in served)

    @property
    def all_keys(self) -> frozenset[str]:
        """The keys of all tenants: of those that have a role, and of the root's rows where these were read."""
        return frozenset({*self.live.tenants.values(), *self.keys})

    @cached_property
    def unable(self) -> dict[str, str]:
        """The keys of the tenants that cannot have a role, each with the reason."""
        live, config = self.live, self.config
        apart = {config.legacy_role, *config.roles.new, self.group, self.pool, live.target.operator}
        half_made = {name for name in live.roles if marks.whose(live, name) == live.target.database} - apart
        return clashes(self.tenants, self.keys, live.roles.keys() - half_made)

    @cached_property
    def wanted(self) -> dict[str, str]:
        """The key of each tenant that is to have a role, by role. A tenant that has one keeps it, whatever its name."""
        new = {role_of(self.tenants, key): key for key in self.keys if key not in self.unable}
        return {**new, **self.live.tenants}

    @cached_property
    def held(self) -> frozenset[str]:
        """Tenants' roles that are held back, by their comment. ``tenant-roles`` wants them created held back."""
        return frozenset(
            role
            for role in self.live.tenants
            if (facts := self.live.roles.get(role)) is not None and marks.held(facts.comment)
        )

    @cached_property
    def made(self) -> tuple[str, ...]:
        """The roles of this walk: the group, the pool, the tenants' roles, and members of the group that flatsplit
        created and that have no row in the mapping yet.
        """
        live = self.live
        marked = {
            key.member
            for key in live.members
            if key.role == self.group and marks.whose(live, key.member) == live.target.database
        }
        known = {*live.tenants, *self.wanted, *marked} - self.baseline.roles.keys() - strangers(live, self.group)
        ours = (self.group, self.pool) if self.pool else (self.group,)
        return (*ours, *sorted(known - {*ours}))
