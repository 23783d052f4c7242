"""What a step needs besides the State: the configuration, what was first seen, and what each table is to a tenant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from flatsplit import blueprint, ddl
from flatsplit.config import Config, Tenants
from flatsplit.model import PUBLIC, Acl, ObjectRef, PolicyFacts, State, Structure
from flatsplit.tenants import Belonging, Survey, clashes, role_of, survey
from flatsplit.tenants.kinds import APART
from flatsplit.walks import marks, tenants

_COMMANDS = (("select", "r"), ("insert", "a"), ("update", "w"), ("delete", "d"))

ALL_ROWS = PolicyFacts(using="true")
_ALL = ("pg_read_all_data", "pg_write_all_data")
"""Predefined roles that hold rights on every table, and stand in no list."""


Policies: TypeAlias = Mapping[ObjectRef, tuple[PolicyFacts, frozenset[str]]]
"""What each says, and the roles that it is for."""


@dataclass(slots=True)
class _Known:
    """Of one State."""

    tenants: frozenset[str]
    """The group and its members, there or wanted."""
    columns: Mapping[tuple[str, str], list[tuple[ObjectRef, Acl]]]
    """Columns with rights of their own, by table."""
    readers: frozenset[str]
    """Those of the predefined roles that somebody else is a member of."""
    named: dict[tuple[int, tuple[Acl, ...]], frozenset[str]]
    """Who is to see all rows, by the facts of a table and the rights on its columns: few tables differ in that."""
    seers: Mapping[ObjectRef, frozenset[str]] | None = None
    """Who that is, by the policy that lets them."""


@dataclass(frozen=True)
class Context:
    """What the steps work towards."""

    config: Config
    baseline: State
    """What was there of row-level security before."""
    live: State
    """As it was read: columns and keys, and which roles are whose."""

    @cached_property
    def tenants(self) -> Tenants:
        """The section of the configuration; the root is "" where there is none."""
        return self.config.tenants or Tenants('"".""')

    @cached_property
    def survey(self) -> Survey:
        """What each table is. Without a look at the tables nothing is known, and nothing is wanted of them."""
        if self.config.tenants is None or self.live.structure is None:
            return Survey(self.tenants, Structure(), None, "", {}, ())
        return survey(self.tenants, self.live.structure)

    @property
    def group(self) -> str:
        """What all tenants' roles are members of."""
        return self.tenants.group

    @property
    def pool(self) -> str:
        """The one role that becomes each tenant by SET ROLE; "" where tenants log in."""
        return self.tenants.pool if self.tenants.connect == "pool" else ""

    @property
    def connects(self) -> tuple[str, ...]:
        """The roles as which tenants' connections log in."""
        return (self.pool,) if self.pool else tuple(sorted(self.live.tenants))

    @cached_property
    def owner(self) -> str:
        """Who owns the application's tables, and the one that says which role is whose."""
        return blueprint.owner(self.config)

    @cached_property
    def application(self) -> str:
        """The role whose rights on rows the tenants get."""
        return blueprint.application(self.config)

    @cached_property
    def mapping(self) -> ObjectRef:
        """The table that says which role is whose."""
        return ddl.tenancy_of(self.tenants.schema)

    @cached_property
    def apart(self) -> Mapping[ObjectRef, Belonging]:
        """Tables of the application's whose rows are told apart."""
        return {one.ref: one for one in self.survey.of_kind(*APART) if self.ours(one.ref)}

    @cached_property
    def told(self) -> Mapping[ObjectRef, Belonging]:
        """All tables of the application's with a kind, in their order."""
        return {ref: one for ref, one in sorted(self.survey.belongings.items()) if self.ours(ref)}

    @cached_property
    def touched(self) -> frozenset[ObjectRef]:
        """Tables on which this walk may have made something: those told apart, now or when first seen."""
        known = {(ref.schema, ref.name) for ref in self.apart}
        named = {
            table_of(self.live, policy)
            for policy, roles in self.live.policies.items()
            if (policy.schema, policy.name) not in known and self.group in roles and self.made_here(policy)
        }
        return frozenset({*self.apart, *named, *self.baseline.row_security.keys() & self.live.objects.keys()})

    def ours(self, ref: ObjectRef) -> bool:
        """Whether a table is the application's: another owner's is neither changed nor given to tenants."""
        facts = self.live.objects.get(ref)
        return facts is not None and facts.owner == self.owner and not facts.extension

    # -- policies

    @cached_property
    def _kept_apart(self) -> dict[ObjectRef, Mapping[ObjectRef, PolicyFacts]]:
        """They follow from the tables and the configuration alone: kept with what else does, for the next look."""
        kept: dict[ObjectRef, Mapping[ObjectRef, PolicyFacts]] = {}
        if self.live.structure is not None:
            found = self.live.structure.worked_out.setdefault((self.tenants, "kept apart"), kept)
            assert isinstance(found, dict)
            kept = found
        return kept

    def kept_apart(self, one: Belonging) -> Mapping[ObjectRef, PolicyFacts]:
        """The policies of a table without ``everyone``: asked by several steps, worked out once."""
        found = self._kept_apart.get(one.ref)
        if found is None:
            found = {
                ObjectRef("policy", one.ref.schema, one.ref.name, name): facts
                for name, facts in self.conditions(one).items()
            }
            self._kept_apart[one.ref] = found
        return found

    @cached_property
    def kept(self) -> Mapping[ObjectRef, PolicyFacts]:
        """The same of all tables."""
        found: dict[ObjectRef, PolicyFacts] = {}
        for one in self.apart.values():
            found.update(self.kept_apart(one))
        return found

    def conditions(self, one: Belonging) -> dict[str, PolicyFacts]:
        """The two (or, where rows of nobody's are read, eight) policies of a table, by name: without ``everyone``."""
        condition = one.condition(self.tenants.schema)
        assert condition is not None
        text = ddl.condition(condition, one.ref.name)
        if self.tenants.null_rows == "hidden" or one.links or one.kind == "root":
            return {
                name: PolicyFacts(name == tenants.TENANT, "*", text) for name in (tenants.TENANT, tenants.TENANT_ONLY)
            }
        read = ddl.condition(condition._replace(or_null=True), one.ref.name)
        found = {}
        for name in (tenants.TENANT, tenants.TENANT_ONLY):
            for word, command in _COMMANDS:
                using, check = ("", text) if command == "a" else (read if command == "r" else text, "")
                found[f"{name}_{word}"] = PolicyFacts(name == tenants.TENANT, command, using, check)
        return found

    @cached_property
    def _policies(self) -> dict[tuple[ObjectRef, frozenset[str]], Policies]:
        return {}

    def policies(self, state: State, one: Belonging) -> Policies:
        """All that a table is to have, with the roles that each is for."""
        named = frozenset[str]() if self.guarded(one.ref) else everyone(state, one.ref, self)
        found = self._policies.get((one.ref, named))
        if found is None:
            found = {ref: (facts, self.tenants_alone) for ref, facts in self.kept_apart(one).items()}
            if named:
                found[ObjectRef("policy", one.ref.schema, one.ref.name, tenants.EVERYONE)] = (ALL_ROWS, named)
            self._policies[one.ref, named] = found
        return found

    @cached_property
    def tenants_alone(self) -> frozenset[str]:
        """Whom policies by the condition are for."""
        return frozenset({self.group})

    def seers(self, state: State) -> Mapping[ObjectRef, frozenset[str]]:
        """``everyone`` of each table that is to have one, with the roles that it is for."""
        known = self.known(state)
        if known.seers is None:
            tables = ((ref, everyone(state, ref, self)) for ref in self.apart if not self.guarded(ref))
            known.seers = {
                ObjectRef("policy", ref.schema, ref.name, tenants.EVERYONE): named for ref, named in tables if named
            }
        return known.seers

    def in_place(self, state: State) -> bool:
        """Whether every table has all of its policies."""
        there = state.policies.keys()
        return self.kept.keys() <= there and self.seers(state).keys() <= there

    def guarded(self, ref: ObjectRef) -> bool:
        """Whether somebody else's policies counted there before: to let everyone in would open what they close."""
        before = self.baseline.row_security.get(ref)
        return before is not None and before.enabled

    @cached_property
    def _known(self) -> dict[int, tuple[State, _Known]]:
        return {}

    def known(self, state: State) -> _Known:
        """What is asked of a State for each of its tables, gathered once: there may be many of all."""
        found = self._known.get(id(state))
        if found is None:
            columns: dict[tuple[str, str], list[tuple[ObjectRef, Acl]]] = {}
            for column, acl in state.columns.items():
                columns.setdefault((column.schema, column.name), []).append((column, acl))
            tenants_ = frozenset({self.group, self.pool, *state.tenants, *self.wanted})
            readers = frozenset(key.role for key in state.members if key.role in _ALL and key.member not in tenants_)
            found = (state, _Known(tenants_, columns, readers, {}))  # with it, so that its id stays its own
            self._known[id(state)] = found
        return found[1]

    def columns_of(self, state: State, ref: ObjectRef) -> list[tuple[ObjectRef, Acl]]:
        """Columns of a table with rights of their own."""
        return self.known(state).columns.get((ref.schema, ref.name), [])

    @cached_property
    def policy_names(self) -> frozenset[str]:
        """Names of policies that are ours where they were not there before."""
        words = [f"{name}_{word}" for name in (tenants.TENANT, tenants.TENANT_ONLY) for word, _ in _COMMANDS]
        return frozenset({tenants.EVERYONE, tenants.TENANT, tenants.TENANT_ONLY, *words})

    def made_here(self, ref: ObjectRef) -> bool:
        """Whether a policy is of this walk's making."""
        return ref.args in self.policy_names and ref not in self.baseline.policies

    # -- roles

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Of the tenants that have no role yet, as far as somebody has looked."""
        served = set(self.live.tenants.values())
        known = self.live.structure.keys if self.live.structure is not None else None
        return tuple(key for key in known or () if key not in served)

    @cached_property
    def unable(self) -> dict[str, str]:
        """Keys whose tenants cannot have a role, with the reason."""
        live, config = self.live, self.config
        apart = {config.legacy_role, *config.roles.new, self.group, self.pool, live.target.operator}
        half_made = {name for name in live.roles if marks.whose(live, name) == live.target.database} - apart
        return clashes(self.tenants, self.keys, live.roles.keys() - half_made)

    @cached_property
    def wanted(self) -> dict[str, str]:
        """The tenants that are to have a role, by role: those that have one keep it, whatever it is called."""
        new = {role_of(self.tenants, key): key for key in self.keys if key not in self.unable}
        return {**new, **self.live.tenants}

    @cached_property
    def held(self) -> frozenset[str]:
        """Tenants' roles that are held back: they stay so when they are thought of as made anew."""
        return frozenset(
            role
            for role in self.live.tenants
            if (facts := self.live.roles.get(role)) is not None and marks.held(facts.comment)
        )

    @cached_property
    def made(self) -> tuple[str, ...]:
        """The roles of this walk: the group, the pool, the tenants', and members that were made and got no row yet."""
        live = self.live
        marked = {
            key.member
            for key in live.members
            if key.role == self.group and marks.whose(live, key.member) == live.target.database
        }
        known = {*live.tenants, *self.wanted, *marked} - self.baseline.roles.keys()
        ours = (self.group, self.pool) if self.pool else (self.group,)
        return (*ours, *sorted(known - {*ours}))


def table_of(state: State, policy: ObjectRef) -> ObjectRef:
    """The table that a policy is on."""
    partitioned = ObjectRef("partitioned_table", policy.schema, policy.name)
    return partitioned if partitioned in state.objects else ObjectRef("table", policy.schema, policy.name)


def everyone(state: State, ref: ObjectRef, context: Context) -> frozenset[str]:
    """Who holds rights on a table and is to see all of its rows, as before; its owner and superusers do anyway.

    Roles that see by being members of one are covered by its name; so are those of the roles that read or write all.
    """
    facts = state.objects.get(ref)
    if facts is None:
        return frozenset()
    known = context.known(state)
    columns = tuple(acl for _, acl in known.columns.get((ref.schema, ref.name), ())) if known.columns else ()
    found = known.named.get((id(facts), columns))
    if found is None:
        held = {item.grantee for acl in (facts.acl, *columns) for item in acl} | known.readers
        found = known.named[id(facts), columns] = frozenset(
            role
            for role in held - known.tenants - {PUBLIC, facts.owner}
            if role in state.roles and not state.roles[role].superuser
        )
    return found
