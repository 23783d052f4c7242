"""The values that flatsplit.toml holds, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeAlias, get_args

from flatsplit.config.grants import Grant
from flatsplit.config.owner_powers import OwnerPowers
from flatsplit.config.people import Group, Groups, People
from flatsplit.config.rotation import Rotation
from flatsplit.config.special import Special
from flatsplit.config.tenants import Tenants
from flatsplit.config.trail import TrailWishes

Retire: TypeAlias = Literal["revoke", "drop", "repurpose"]
DatabaseOwner: TypeAlias = Literal["app_migrator", "dba", "keep"]
ExtensionOwner: TypeAlias = Literal["auto", "app_migrator", "dba", "keep"]
Auth: TypeAlias = Literal["password", "external"]
WhenRehearsed: TypeAlias = Literal["advised", "required", "off"]

PURPOSES: tuple[str, ...] = ("app_user", "app_migrator", "app_readonly", "dba")

NAME_BYTES = 63
"""NAMEDATALEN - 1: the server cuts longer names, with no more than a NOTICE."""

DEADLOCK_TIMEOUT = timedelta(seconds=1)
"""PostgreSQL's default. A lock wait that reaches it may cancel an application's statement instead of flatsplit's."""


@dataclass(frozen=True, slots=True)
class RoleNames:
    """The names of the roles in this cluster."""

    app_user: str = "app_user"
    app_migrator: str = "app_migrator"
    app_readonly: str = "app_readonly"
    dba: str = "dba"
    """"" leaves it out."""
    dba_login: bool = field(default=True, kw_only=True)
    """False: dba is a group that people are members of."""

    @property
    def new(self) -> tuple[str, ...]:
        """The roles that exist after create-roles, in the fixed order."""
        return tuple(name for purpose in PURPOSES if (name := str(getattr(self, purpose))))

    @property
    def login(self) -> tuple[str, ...]:
        """The roles that may log in after enable-login."""
        return tuple(name for name in self.new if name != self.dba or self.dba_login)

    def purpose(self, name: str) -> str:
        """``app_user`` … ``dba`` for one of their names; "" for any other role."""
        return next((purpose for purpose in PURPOSES if name and getattr(self, purpose) == name), "")


@dataclass(frozen=True, slots=True)
class Gates:
    """How much evidence a step has to wait for."""

    drain: timedelta = timedelta(hours=24)
    """How long legacy must not have been seen before the switch counts as done."""
    soak: timedelta = timedelta(days=7)
    """How long it must be quiet before legacy is locked, and again before its rights are revoked."""
    require_approval: bool = False
    """Whether every step needs ``next --approved DIGEST``."""
    largest_hole: timedelta = timedelta(minutes=15)
    """Longest time between two looks (``flatsplit observe``) that still counts as watched."""
    rehearsal: WhenRehearsed = "advised"
    """``required``: the switch waits for a clean rehearsal; ``advised``: it waits only while the last one is bad."""
    rehearsal_age: timedelta = timedelta(days=7)
    """How long a clean rehearsal counts; 0 for as long as ownership does not move."""


@dataclass(frozen=True, slots=True)
class Locks:
    """How long flatsplit waits for a lock, and how long others may wait behind it."""

    lock_timeout: timedelta = timedelta(milliseconds=200)
    retry_for: timedelta = timedelta(minutes=10)
    """How long a step goes on without any progress before it stops; it can be resumed."""
    max_replication_lag: timedelta = timedelta(seconds=10)
    """A standby further behind than this makes flatsplit pause between batches."""


@dataclass(frozen=True, slots=True)
class Config:
    """All of flatsplit.toml."""

    name: str
    legacy_role: str
    schemas: tuple[str, ...]
    """The scope, resolved at init and frozen."""
    retire: Retire = "revoke"
    database_owner: DatabaseOwner = "app_migrator"
    extension_owner: ExtensionOwner = "auto"
    """Who gets legacy's extensions; ``auto``: dba, if the owner of one of them could do more than an ordinary owner."""
    roles: RoleNames = field(default_factory=RoleNames)
    gates: Gates = field(default_factory=Gates)
    locks: Locks = field(default_factory=Locks)
    auth: Auth = "password"
    """``external``: certificates, IAM or peer, so no password is set. The key is in [roles]."""
    allow_new_objects: bool = False
    """Whether objects that are newer than an approval need none. The key is in [approval]."""
    grants: tuple[Grant, ...] = ()
    """[grants.PURPOSE]: privileges beyond the blueprint, and all those of special roles, in the order of writing."""
    powers: OwnerPowers = field(default_factory=OwnerPowers)
    """[owner-powers]: what goes to dba, and whether app_migrator gets BYPASSRLS."""
    accept: tuple[tuple[str, str], ...] = ()
    """[hazards.accept]: ids of accepted hazards with the reason, sorted."""
    owners: tuple[str, ...] | None = None
    """Other roles that legacy acts as and whose objects move like legacy's; None where that is not decided."""
    other_owners: tuple[str, ...] = ()
    """Roles whose objects in these schemas are their own on purpose, and none of the application's."""
    other_schemas: tuple[str, ...] = ()
    """Schemas of the application's owners that are left out of the scope on purpose."""
    members: tuple[tuple[str, str], ...] = ()
    """[members]: the purpose for each named member of legacy; for others it is app_user."""
    groups: Groups = ()
    """[group.PURPOSE]: new roles that are or become groups, and who logs in for them."""
    people: People = ()
    """[people]: persons, and the roles that they are members of, by purpose."""
    become: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """[become]: roles that a new role may become with SET ROLE."""
    tenants: Tenants | None = None
    """[tenants]: a role per tenant; None where there is no such section."""
    rotation: Rotation = field(default_factory=Rotation)
    """[rotation]: how old passwords may become, and what stores them."""
    special: tuple[Special, ...] = ()
    """[role.NAME]: special roles, in the order in which they stand."""
    trail: TrailWishes = field(default_factory=TrailWishes)
    """[trail]: how structural changes are recorded."""

    def special_role(self, name: str) -> Special | None:
        """The special role of this name; None where there is none."""
        return next((one for one in self.special if one.name == name), None)

    def group(self, role: str) -> Group | None:
        """The section [group.PURPOSE] of a new role; None where there is none."""
        purpose = self.roles.purpose(role)
        return next((group for group in self.groups if group.purpose == purpose), None)

    def logins(self, role: str) -> tuple[str, ...] | None:
        """Who logs in for a new role that is a group; None for one that logs in itself."""
        group = self.group(role)
        return group.logins if group is not None else None

    @property
    def entering(self) -> tuple[str, ...]:
        """The new roles that log in themselves once enable-login is done."""
        return tuple(role for role in self.roles.login if self.logins(role) is None)

    @property
    def sessions_of(self) -> tuple[str, ...]:
        """The roles under whose names sessions log in after enable-login: new roles that log in, and the logins of
        groups.
        """
        return tuple(login for role in self.roles.login for login in self.logins(role) or (role,))

    @property
    def named(self) -> tuple[str, ...]:
        """Every role that the configuration names besides the old one: new roles, logins of groups, special roles,
        persons.
        """
        logins = (name for group in self.groups for name in group.logins)
        special = (one.name for one in self.special)
        return tuple(dict.fromkeys((*self.roles.new, *logins, *special, *(name for name, _ in self.people))))

    @property
    def watched(self) -> tuple[str, ...]:
        """Roles whose last login has to be known: groups, their logins, and persons."""
        found = dict.fromkeys(name for name, _ in self.people)
        for group in self.groups:
            found |= dict.fromkeys((str(getattr(self.roles, group.purpose)), *group.logins))
        return tuple(found)


SECTIONS: dict[str, dict[str, object]] = {
    # section → key → type: a type, timedelta for durations, or the allowed words
    "cutover": {
        "name": str,
        "legacy_role": str,
        "schemas": list,
        "other_schemas": list,
        "retire": get_args(Retire),
        "database_owner": get_args(DatabaseOwner),
        "owners": list,
        "other_owners": list,
        "extension_owner": get_args(ExtensionOwner),
    },
    "roles": {**dict.fromkeys(PURPOSES, str), "dba_login": bool, "auth": get_args(Auth)},
    "gates": {
        "drain": timedelta,
        "soak": timedelta,
        "largest_hole": timedelta,
        "rehearsal": get_args(WhenRehearsed),
        "rehearsal_age": timedelta,
        "require_approval": bool,
    },
    "approval": {"allow_new_objects": bool},
    "locks": {"lock_timeout": timedelta, "retry_for": timedelta, "max_replication_lag": timedelta},
}
