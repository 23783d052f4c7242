"""The role that is rehearsed: its rights as the blueprint wants them, and how it resolves names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from flatsplit import blueprint, ddl, privileges
from flatsplit.model import RELATIONS, ROUTINES, ObjectRef, SettingKey, State, versions
from flatsplit.rehearsal import remedies
from flatsplit.rehearsal.catalog_lookup import SYSTEM, World
from flatsplit.rehearsal.relation_parts import Relation
from flatsplit.rehearsal.values import Need, Outcome, Problem
from flatsplit.rights.inherited import Inherited
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.enable_login import legacy_settings

_WHY = {
    "r": "it is read",
    "a": "rows are inserted",
    "w": "rows are updated or locked",
    "d": "rows are deleted",
    "D": "it is emptied",
    "U": "it is used",
    "X": "it is called",
    "T": "a temporary table is made",
    "m": "it is maintained",
}


_TOAST = "pg_toast"
"""A schema of the server's own that only superusers use (pg_namespace.dat)."""


class Resolved(NamedTuple):
    """What a name means in a session of the role."""

    relations: tuple[Relation, ...] = ()
    """More than one where only the search_path of the session could tell which is meant."""
    free: bool = False
    """Whether it is a temporary table, or one of the server's that needs nothing but SELECT."""
    readers: frozenset[str] | None = None
    """Who may read it, where it is one of the server's own relations."""
    hidden: bool = False
    """Whether legacy finds it by its search_path and the role does not."""


@dataclass
class Actor:
    """A role, with its rights in ``goal`` and, for comparison, those of legacy."""

    world: World
    goal: State
    """The State that the steps make of the database."""
    live: State
    context: Context
    role: str
    temporary: set[str] = field(default_factory=set)
    """Names of the temporary tables that the statements create."""
    created: set[str] = field(default_factory=set)
    """Names of everything else that they create."""
    set_by: set[str] = field(default_factory=set)
    """The application's own settings that the statements set; "" where the name cannot be told."""
    before: str = ""
    """The role that this one acts instead of; "" for legacy."""
    login_stays: bool = False
    """Whether only the owner of what runs changes, and nobody logs in as another role."""
    apart: frozenset[ObjectRef] = frozenset()
    """Policies that are meant to show a tenant's role its own rows only."""

    def __post_init__(self) -> None:
        self.rights = Inherited(self.goal, self.role)
        self.hidden: dict[object, str] = {}
        """What views of the server's own do not show the role, by what they test."""
        self.before = self.before or self.context.legacy
        self.legacy = Inherited(self.live, self.before)
        self.purpose = self.context.config.roles.purpose(self.role)
        self.special = self.role if self.context.config.special_role(self.role) is not None else ""
        """Its name where it is a special role, whose rights are those of its list."""
        self.section = self.purpose or self.special
        """Its section of [grants]; "" for none."""
        self.major = self.goal.target.major
        self.search_path = _setting(self.goal, self.role, "search_path", self.goal.target.default_search_path)
        self.path = self.world.path(self.search_path, self.role)
        self.default_tablespace = _setting(self.goal, self.role, "default_tablespace", "")
        settings = legacy_settings(self.live, self.context)
        path = settings.get("search_path", self.live.target.default_search_path)
        self.legacy_path = self.world.path(path, self.context.legacy)

    # -- names

    def resolve(self, schema: str, name: str, path: tuple[str, ...] | None = None) -> Resolved:
        """What the name of a relation means, in the given path where a routine sets one of its own."""
        world = self.world
        if schema:
            found = world.relations.get((schema, name))
            if found:
                return Resolved((found,))
            return self._system(schema, name) or Resolved(free=schema.startswith("pg_temp") or self._makes(name))
        if name in self.temporary:
            return Resolved(free=True)
        system = self._system("pg_catalog", name)
        if system:
            return system
        for each in ("pg_catalog", *(self.path if path is None else path)):
            found = world.relations.get((each, name))
            if found:
                return Resolved((found,))
            system = self._system(each, name)
            if system:
                return system
        if name in world.transition_tables:
            return Resolved(free=True)
        for each in self.legacy_path:
            found = world.relations.get((each, name))
            if found:
                return Resolved((found,), hidden=path is None)
        near = [schema for schema in world.schemas_of.get(name, ()) if schema in self.context.scope]
        if not near and self._makes(name):
            return Resolved(free=True)
        return Resolved(tuple(world.relations[schema, name] for schema in sorted(near)))

    def _makes(self, name: str) -> bool:
        """Whether a relation that is not there is the role's own as soon as it runs all statements."""
        return name in self.created and self.role == blueprint.owner(self.context.config)

    def _system(self, schema: str, name: str) -> Resolved | None:
        readers = self.world.system.get((schema, name)) if schema in SYSTEM else None
        return None if readers is None else Resolved(free=True, readers=readers)

    def sets(self, name: str) -> bool:
        """Whether one of the application's own settings has a value: here, for the role, or set by some statement."""
        if name in self.set_by or "" in self.set_by or self.world.has_setting(name):
            return True
        keys = (SettingKey(self.role, self.goal.target.database), SettingKey(self.role, ""))
        return any(name == given.lower() for key in keys for given, _ in self.goal.settings.get(key, ()))

    # -- problems

    def free_of_large_objects(self) -> bool:
        """Whether privileges on large objects are not checked in sessions of the special role, or of app_user: a
        superuser may have set that.
        """
        said = _setting(
            self.goal, self.special or blueprint.application(self.context.config), "lo_compat_privileges", "off"
        )
        return said.lower() in ("on", "true", "yes", "1")

    def lacks(
        self,
        ref: ObjectRef,
        letter: str,
        reason: str,
        *,
        outcome: Outcome = "denied",
        planned: bool = False,
        columns: Sequence[str] = (),
        alone: bool = False,
        why: str = "",
    ) -> Problem:
        """The problem that a privilege is missing; ``why`` says what needs it, where that is not plain. ``alone``: on
        the columns it is enough.
        """
        named = columns if alone else ()
        remedy = remedies.grant(self.section, self.role, ref, letter, self.major, named)
        privilege = privileges.NAMES[letter]
        if not remedy:
            remedy = f"for the application's owner: do without it, or let app_migrator do it ({privilege})"
        needs = tuple(Need(ref, letter, column, why or _WHY.get(letter, "")) for column in columns or ("",))
        return Problem(outcome, reason, remedies.shown(ref), privilege, remedy, planned, needs=needs)

    def holds(self, ref: ObjectRef, letters: str) -> bool:
        """Whether the role has one of these privileges on an object; True for an unknown object."""
        facts = self.goal.objects.get(ref)
        return facts is None or self.rights.has(facts, letters)

    @cached_property
    def system(self) -> frozenset[tuple[str, str]]:
        """(schema, name) of the server's own relations and routines that it may read or call, where their privileges
        are not those of a new server; what the steps will grant is among them.
        """
        letters = dict.fromkeys(RELATIONS, "r") | dict.fromkeys(ROUTINES, "X")
        return frozenset(
            (ref.schema, ref.name)
            for ref, facts in self.goal.objects.items()
            if ref.schema in SYSTEM and ref.kind in letters and self.rights.has(facts, letters[ref.kind])
        )

    def owns(self, ref: ObjectRef) -> bool:
        """Whether the role may alter the object."""
        facts = self.goal.objects.get(ref)
        return self.rights.superuser or (facts is not None and self.rights.owns(facts))

    def may_set(self, name: str) -> bool:
        """Whether the role may change a setting, by SET or by an equivalent."""
        if name not in self.world.superuser_settings or self.rights.superuser:
            return True
        facts = self.goal.objects.get(ObjectRef("parameter", "", name))
        return facts is not None and self.rights.has(facts, "s")

    def setting(self, name: str) -> list[Problem]:
        """Problems of changing a setting."""
        if self.may_set(name):
            return []
        reason = f"only a superuser may set {name}, or who was granted SET on it (15 and later)"
        remedy = "for the application's owner: do without it, or have an administrator set it for the role"
        if self.major >= versions.PARAMETER_GRANTS:
            remedy = remedies.parameter(self.section, self.role, name, " -- or do without it")
        return [Problem("denied", reason, name, "SET", remedy)]

    def schema(self, name: str) -> list[Problem]:
        """USAGE on a schema."""
        ref = ObjectRef("schema", "", name)
        if self.holds(ref, "U") and (name != _TOAST or self.rights.superuser):
            return []
        return [self.lacks(ref, "U", f"{self.role} has no USAGE on schema {name}", planned=True)]


def _setting(state: State, role: str, wanted: str, default: str) -> str:
    found = state.setting_of(role, wanted)
    return default if found is None else found[1]


def quoted_path(path: tuple[str, ...]) -> str:
    """A search_path as set_config() takes it."""
    return ", ".join(map(ddl.ident, path))
