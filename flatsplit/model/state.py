"""A State: every fact of one database at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from flatsplit.model.facts import (
    Acl,
    DefaultRef,
    Kind,
    Member,
    MemberOptions,
    ObjectFacts,
    ObjectRef,
    PolicyFacts,
    RoleFacts,
    RowSecurity,
    SettingKey,
    Settings,
)
from flatsplit.model.structure import Structure
from flatsplit.model.versions import MEMBER_OPTIONS, NEWEST_TESTED, major_of


@dataclass(frozen=True, slots=True)
class Target:
    """The target database, and the operator who works on it."""

    system_identifier: str
    """pg_control_system(); "" where it may not be read."""
    database: str
    database_oid: int
    version: int
    """server_version_num, for example 160004."""
    operator: str
    """current_user of flatsplit's session."""
    operator_superuser: bool
    bootstrap: str
    """Name of the role with oid 10; the grantor of what a superuser grants on 16+."""
    default_search_path: str = '"$user", public'
    """The search_path of a role without settings of its own: the database's, else that of the configuration files."""
    log_statement: str = "none"
    """The same of log_statement, as far as it can be seen."""

    @property
    def major(self) -> int:
        """13 … 18."""
        return major_of(self.version)

    @property
    def untested(self) -> bool:
        """Whether the server is newer than the versions that flatsplit was tested on."""
        return self.major > NEWEST_TESTED

    @property
    def membership_options(self) -> bool:
        """Whether memberships carry INHERIT and SET options and are kept per grantor (16+)."""
        return self.major >= MEMBER_OPTIONS

    @property
    def grantor(self) -> str:
        """The grantor that the server records when the operator grants a membership (user.c, check_role_grantor)."""
        return self.bootstrap if self.operator_superuser and self.membership_options else self.operator


class ObjectGroup(NamedTuple):
    """Objects of one kind and schema with the same facts, sorted. A schema or database is a group by itself.

    Any number of tables has only a few groups, so code that looks at all objects should look at groups.
    """

    kind: Kind
    schema: str
    facts: ObjectFacts
    refs: list[ObjectRef]


SINGLE: tuple[Kind, ...] = ("schema", "database")
"""Kinds whose objects are a group each."""


def group_objects(objects: Mapping[ObjectRef, ObjectFacts]) -> list[ObjectGroup]:
    """Objects in groups, in the order of their first members; members keep their order."""
    groups: dict[tuple[str, str, str, int], ObjectGroup] = {}
    for ref, facts in objects.items():
        kind = ref.kind
        key = (kind, ref.schema, ref.name if kind in SINGLE else "", id(facts))
        group = groups.get(key)
        if group is None:
            groups[key] = ObjectGroup(kind, ref.schema, facts, [ref])
        else:
            group.refs.append(ref)
    for group in groups.values():
        group.refs.sort()
    return list(groups.values())


_WITH_COLUMNS: tuple[Kind, ...] = ("table", "partitioned_table", "foreign_table", "view", "materialized_view")


@dataclass(frozen=True, slots=True)
class State:
    """All facts of one database (and of the cluster's roles) at one moment. Mappings are never changed in place."""

    target: Target
    roles: Mapping[str, RoleFacts] = field(default_factory=dict)
    members: Mapping[Member, MemberOptions] = field(default_factory=dict)
    settings: Mapping[SettingKey, Settings] = field(default_factory=dict)
    objects: Mapping[ObjectRef, ObjectFacts] = field(default_factory=dict)
    columns: Mapping[ObjectRef, Acl] = field(default_factory=dict)
    """Column ACLs that are not NULL; OWNER is the table's owner."""
    defaults: Mapping[DefaultRef, Acl] = field(default_factory=dict)
    """Rows of pg_default_acl; OWNER is the creator. A missing global row means the built-in default."""
    policies: Mapping[ObjectRef, frozenset[str]] = field(default_factory=dict)
    """Row-level security policies and the roles they are for; PUBLIC for all."""
    conditions: Mapping[ObjectRef, PolicyFacts] = field(default_factory=dict)
    """What each policy says, except for whom it is."""
    row_security: Mapping[ObjectRef, RowSecurity] = field(default_factory=dict)
    """Tables with row-level security; in a baseline also those without."""
    tenancies: Mapping[ObjectRef, str] = field(default_factory=dict)
    """The table that maps roles to tenants, with the type of a key."""
    tenants: Mapping[str, str] = field(default_factory=dict)
    """Its rows: key of the tenant, as text, by role."""
    mappings: frozenset[ObjectRef] = frozenset()
    """User mappings (their options may hold passwords and are never read)."""
    copied_mappings: Mapping[ObjectRef, str] = field(default_factory=dict)
    """For user mappings that are wanted: the role whose options they copy."""
    databases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Other databases of the cluster by the role that owns them."""
    uses: Mapping[ObjectRef, tuple[ObjectRef, ...]] = field(default_factory=dict)
    """Relations that the rules of a view, materialized view or table read or write as its owner."""
    structure: Structure | None = field(default=None, compare=False, repr=False)
    """Columns and keys, where a walk asks for them: no facts that a statement of ours changes."""
    recorder: Mapping[str, str] = field(default_factory=dict)
    """What is there of flatsplit's recorder of structural changes (ddl/recorder.py), by name; "" for as it was made."""
    _groups: list[ObjectGroup] | None = field(default=None, init=False, compare=False, repr=False)

    @property
    def groups(self) -> list[ObjectGroup]:
        """The objects, those alike together: what holds for one of a group holds for all."""
        if self._groups is None:
            object.__setattr__(self, "_groups", group_objects(self.objects))
        assert self._groups is not None
        return self._groups

    def relation_of(self, part: ObjectRef) -> ObjectRef | None:
        """The relation that a column or policy belongs to; None where it is not there."""
        relations = (ObjectRef(kind, part.schema, part.name) for kind in _WITH_COLUMNS)
        return next((ref for ref in relations if ref in self.objects), None)

    def relation_owner(self, part: ObjectRef) -> str:
        """The owner of that relation; "" where it is not there."""
        relation = self.relation_of(part)
        return "" if relation is None else self.objects[relation].owner

    def but(self, *, groups: list[ObjectGroup] | None = None, **changes: Any) -> State:
        """The same State but for these facts; objects that stay the same stay grouped, which takes time to find out.

        ``groups``: those of the new ``objects``, where they are known.
        """
        made = replace(self, **changes)
        object.__setattr__(made, "_groups", groups if "objects" in changes else self._groups)
        return made

    def setting_of(self, role: str, name: str) -> tuple[SettingKey, str] | None:
        """What sessions of a role begin with, and where that is said; None where only the server's files may say it
        (process_settings() in postinit.c).
        """
        here = self.target.database
        for key in (SettingKey(role, here), SettingKey(role, ""), SettingKey("", here), SettingKey("", "")):
            for setting, value in self.settings.get(key, ()):
                if setting.lower() == name:
                    return key, value
        return None

    def member_of(self, role: str) -> set[str]:
        """All roles that it is a member of, directly or not; whether it inherits does not matter here."""
        found: set[str] = set()
        todo = [role]
        while todo:
            one = todo.pop()
            more = {key.role for key in self.members if key.member == one} - found
            found |= more
            todo += more
        return found
