"""What the steps of a group's walk need besides the State: the group, and what was first seen of its roles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flatsplit import blueprint, ddl
from flatsplit.config import Config, Group
from flatsplit.model import ObjectRef, RoleFacts, SettingKey, State
from flatsplit.walks import marks

NOT_CARRIED = frozenset({"role", "session_authorization"})
"""Settings that say who a session becomes."""

IGNORING = frozenset({130017, 140014, 150009, 160005, 170001})
"""Releases of 2024-11-14 do not apply a login's ``role``; the next ones do (release notes, CVE-2024-10978)."""


def ignores_role_setting(version: int) -> bool:
    """Whether this release of the server ignores the setting ``role`` of a login."""
    return version in IGNORING


def here_and_newer(version: int) -> tuple[str, str]:
    """A release that ignores it, and the first after it that does not, as people write them."""
    major, minor = divmod(version, 10000)
    return f"{major}.{minor}", f"{major}.{minor + 1}"


def as_themselves(group: Group) -> str:
    """What else helps there, to go on a sentence; "" for owners, whose logins have to create as the group."""
    if group.purpose == blueprint.OWNER.key:
        return ""
    return f", or write as_group = false under [group.{group.purpose}]"


def let_inherit(state: State, role: str, login: str) -> str:
    """The statement by which a member has the rights of the role without SET ROLE."""
    if state.target.membership_options:
        return f"GRANT {ddl.ident(role)} TO {ddl.ident(login)} WITH INHERIT TRUE, SET TRUE;"
    return f"ALTER ROLE {ddl.ident(login)} INHERIT;"


@dataclass(frozen=True)
class Context:
    """The group, and what its logins are to be like."""

    config: Config
    baseline: State
    """The role and its logins as they were before, their memberships and settings."""
    role: str
    """The role that becomes a group."""
    group: Group
    """The section of the configuration about the group."""

    @property
    def logins(self) -> tuple[str, ...]:
        """The roles that log in for it."""
        return self.group.logins

    @property
    def opened(self) -> tuple[str, ...]:
        """Those of them that may log in at the end of the walk: of a pair the first one, since the other one is for
        rotations.
        """
        return self.logins[:1] if len(self.logins) == 2 else self.logins

    @cached_property
    def before(self) -> RoleFacts:
        """The role as it was; without any attribute where it was not seen."""
        return self.baseline.roles.get(self.role, RoleFacts())

    def made(self, state: State) -> frozenset[str]:
        """Logins that the walk has made. Others have no mark in their comment."""
        return frozenset(
            name
            for name in self.logins
            if name in state.roles and name not in self.baseline.roles
            if marks.marked(state.roles[name].comment)
        )

    def settings(self, state: State) -> dict[str, str]:
        """The settings with which a session of each login is to start in this database, like one of the role.

        Settings are not inherited (manual, "Role Membership"). A login that starts as the role gets the setting
        ``role``. For any other login ``"$user"`` is another schema, so the role's schema is named in search_path where
        there is one.
        """
        found: dict[str, str] = {}
        for database in ("", state.target.database):
            found.update(state.settings.get(SettingKey(self.role, database), ()))
        found = {name: value for name, value in found.items() if name not in NOT_CARRIED}
        if self.group.as_group:
            return {**found, "role": self.role}
        path = ddl.split_list(found.get("search_path", state.target.default_search_path))
        if "$user" in path and ObjectRef("schema", "", self.role) in state.objects:
            spelled = dict.fromkeys(self.role if one == "$user" else one for one in path)
            found["search_path"] = ", ".join('"' + one.replace('"', '""') + '"' for one in spelled)
        return found
