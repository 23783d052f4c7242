"""What each table is to a tenant, and how the walk over tenants stands to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from flatsplit import blueprint, ddl, privileges
from flatsplit.config import Config, Tenants, parse_name
from flatsplit.model import ObjectRef, State, Structure
from flatsplit.tenants import Belonging, Survey, survey
from flatsplit.tenants.kinds import APART, Open
from flatsplit.walks import tenants
from flatsplit.walks.tenants.all_rows import bare, table_of
from flatsplit.walks.tenants.conditions import COMMANDS

_LOST = "tenants see their own rows of it, and nothing says any more whose these are: say own, through or hidden"
_GONE = "tenants read it, and what is said to be shared has other names now: say shared or hidden"


@dataclass(frozen=True)
class Tables:
    """The tables of one moment, as the configuration tells them apart."""

    config: Config
    baseline: State
    """The State before the walk: row-level security, policies, and roles of the same names."""
    live: State
    """As it was read from the catalog, with columns and keys, and with the tenant that each role belongs to."""

    @cached_property
    def tenants(self) -> Tenants:
        """The section [tenants] of the configuration; where there is none, one whose root has no name."""
        return self.config.tenants or Tenants('"".""')

    @cached_property
    def survey(self) -> Survey:
        """What each table is to a tenant. Empty where the configuration has no tenants, or columns and keys were not
        read.

        A table that is nobody's by default, but has policies of this walk, is undecided: perhaps a migration has only
        renamed its column. So is one that tenants read, where a table that is said to be shared is not there: perhaps a
        migration has only renamed it.
        """
        if self.config.tenants is None or self.live.structure is None:
            return Survey(self.tenants, Structure(), None, "", {}, ())
        found = survey(self.tenants, self.live.structure)
        lost = [
            ref
            for ref, one in found.belongings.items()
            if one.kind == "hidden" and not one.decided and self._stays(ref)
        ]
        if not lost:
            return found
        belongings = {ref: one for ref, one in found.belongings.items() if ref not in lost}
        undecided = (*found.undecided, *(Open(ref, _LOST if self._has_policies(ref) else _GONE) for ref in lost))
        return replace(found, belongings=belongings, undecided=tuple(sorted(undecided)))

    def _stays(self, ref: ObjectRef) -> bool:
        """Whether a table of which nothing says what it is stays as it is until somebody says it."""
        return self._has_policies(ref) or (self._renamed and self._read(ref))

    @cached_property
    def _renamed(self) -> bool:
        """Whether a table that is said to be shared is not there."""
        structure = self.live.structure
        return structure is not None and any(
            structure.get(*parse_name(name).parts) is None for name in self.tenants.shared
        )

    def _read(self, ref: ObjectRef) -> bool:
        """Whether tenants may read a table, or columns of it."""
        facts = self.live.objects.get(ref)
        columns = (acl for column, acl in self.live.columns.items() if column[1:3] == ref[1:3])
        acls = (*([facts.acl] if facts is not None else []), *columns)
        return any("r" in privileges.letters(acl, self.group) for acl in acls)

    def _has_policies(self, ref: ObjectRef) -> bool:
        """Whether a table has policies of this walk that tell tenants' rows apart."""
        policies = (ObjectRef("policy", ref.schema, ref.name, name) for name in self.policy_names - {tenants.EVERYONE})
        return any(self.group in self.live.policies.get(each, ()) and self.made_here(each) for each in policies)

    @property
    def group(self) -> str:
        """The role that all tenants' roles are members of."""
        return self.tenants.group

    @cached_property
    def owner(self) -> str:
        """The owner of the application's tables, and of the table that maps roles to tenants."""
        return blueprint.owner(self.config)

    @cached_property
    def mapping(self) -> ObjectRef:
        """The table that maps roles to tenants."""
        return ddl.tenancy_of(self.tenants.schema)

    @cached_property
    def apart(self) -> Mapping[ObjectRef, Belonging]:
        """The application's tables whose rows each belong to a tenant, but for those where a name is ``taken``."""
        taken = {ref[1:3] for ref in self.taken}
        return {one.ref: one for one in self.survey.of_kind(*APART) if self.ours(one.ref) and one.ref[1:3] not in taken}

    @cached_property
    def taken(self) -> tuple[ObjectRef, ...]:
        """Policies under names of this walk that were there before it, on tables whose rows each belong to a tenant.

        Such a table is left alone and stays closed to tenants: with one of these policies in the place of a restrictive
        one, it would be open to them. The walk does not begin where there is one; the table's kind was another then.
        """
        apart = {one.ref[1:3] for one in self.survey.of_kind(*APART) if self.ours(one.ref)}
        return tuple(
            sorted(ref for ref in self.baseline.policies if ref.args in self.policy_names and ref[1:3] in apart)
        )

    @cached_property
    def told(self) -> Mapping[ObjectRef, Belonging]:
        """All tables of the application whose kind is known, sorted."""
        return {ref: one for ref, one in sorted(self.survey.belongings.items()) if self.ours(ref)}

    @cached_property
    def left(self) -> frozenset[ObjectRef]:
        """Tables that have policies of this walk, and whose rows no longer each belong to a tenant: their kind is
        another now, they are a partition or a child now, their schema is out of scope, or they are somebody else's.
        """
        if not self.survey.key_type:
            return frozenset()
        known = {(ref.schema, ref.name) for ref in (*self.apart, *self.unsaid)}
        seen = {(ref.schema, ref.name) for ref in self.baseline.row_security}  # once tenants', perhaps
        return frozenset(ref for ref in bare(self.live, self.baseline) if ref[1:3] not in known) | frozenset(
            table_of(self.live, policy)
            for policy, roles in self.live.policies.items()
            if (policy.schema, policy.name) not in known
            and (self.group in roles or (policy.args == tenants.EVERYONE and (policy.schema, policy.name) in seen))
            and self.made_here(policy)
        )

    @property
    def entered(self) -> frozenset[ObjectRef]:
        """Tables whose rows each belong to a tenant, and on which nothing of this walk is to be found: they are new, or
        are no partition or child any more, or their kind was another.
        """
        on = {ref for ref, security in self.live.row_security.items() if security.enabled}
        return frozenset(
            ref
            for ref in self.apart
            if ref not in on
            and not self._has_policies(ref)
            and not privileges.letters(self.live.objects[ref].acl, self.group)
        )

    @cached_property
    def unsaid(self) -> frozenset[ObjectRef]:
        """Tables that have policies of this walk, or that tenants read, and of which nothing says any more what they
        are. They stay as they are until somebody says it: the policies hold.
        """
        return frozenset(
            ref
            for ref, table in self.survey.structure.tables.items()
            if not table.parent and ref not in self.survey.belongings and self.ours(ref) and self._stays(ref)
        )

    @cached_property
    def unsaid_policies(self) -> Mapping[ObjectRef, frozenset[str]]:
        """The policies of this walk on these tables, as they are."""
        names = {ref[1:3] for ref in self.unsaid}
        return {ref: to for ref, to in self.live.policies.items() if ref[1:3] in names and self.made_here(ref)}

    @cached_property
    def touched(self) -> frozenset[ObjectRef]:
        """Tables on which this walk may have changed something: those whose rows each belong to a tenant, those that
        have a policy of this walk, and those that had row-level security in the baseline.
        """
        return frozenset(
            {*self.apart, *self.left, *self.unsaid, *self.baseline.row_security.keys() & self.live.objects.keys()}
        )

    def ours(self, ref: ObjectRef) -> bool:
        """Whether a table belongs to the application's owner. Other tables are not changed, and tenants get no right
        on them.
        """
        facts = self.live.objects.get(ref)
        return facts is not None and facts.owner == self.owner and not facts.extension

    # -- policies

    def guarded(self, ref: ObjectRef) -> bool:
        """Whether row-level security was on before the walk. Such a table gets no policy ``everyone``: that would show
        rows that the policies there hide.
        """
        before = self.baseline.row_security.get(ref)
        return before is not None and before.enabled

    @cached_property
    def policy_names(self) -> frozenset[str]:
        """All names that this walk gives to policies of the application's tables."""
        words = [f"{name}_{word}" for name in (tenants.TENANT, tenants.TENANT_ONLY) for word, _ in COMMANDS]
        return frozenset({tenants.EVERYONE, tenants.TENANT, tenants.TENANT_ONLY, *words})

    def made_here(self, ref: ObjectRef) -> bool:
        """Whether this walk created a policy: it has one of its names and is not in the baseline."""
        return ref.args in self.policy_names and ref not in self.baseline.policies
