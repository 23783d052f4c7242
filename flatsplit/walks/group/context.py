"""What the steps of a group's walk need besides the State: whose it is, and what was first seen of those roles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flatsplit import ddl
from flatsplit.config import Config, Group
from flatsplit.model import ObjectRef, RoleFacts, SettingKey, State
from flatsplit.walks import marks

NOT_CARRIED = frozenset({"role", "session_authorization"})
"""Settings that say who a session becomes."""

IGNORING = frozenset({130017, 140014, 150009, 160005, 170001})
"""Releases of 2024-11-14 do not apply a login's ``role``; the next ones do (release notes, CVE-2024-10978)."""


def ignores_role_setting(version: int) -> bool:
    """Whether sessions of a login begin as the login, whatever ``role`` it was given."""
    return version in IGNORING


@dataclass(frozen=True)
class Context:
    """The group, and how its logins shall be."""

    config: Config
    baseline: State
    """The role and its logins as they were before, their memberships and settings."""
    role: str
    """Who becomes a group."""
    group: Group
    """What the configuration says of it."""

    @property
    def logins(self) -> tuple[str, ...]:
        """Who logs in for it."""
        return self.group.logins

    @property
    def opened(self) -> tuple[str, ...]:
        """Those of them that may log in once the walk is done: of twins the first, the other one rests."""
        return self.logins[:1] if len(self.logins) == 2 else self.logins

    @cached_property
    def before(self) -> RoleFacts:
        """The role as it was; as if nobody may do anything where nothing was seen of it."""
        return self.baseline.roles.get(self.role, RoleFacts())

    def made(self, state: State) -> frozenset[str]:
        """Logins that are there because the walk made them: those of others carry no mark of it."""
        return frozenset(
            name
            for name in self.logins
            if name in state.roles and name not in self.baseline.roles
            if marks.marked(state.roles[name].comment)
        )

    def settings(self, state: State) -> dict[str, str]:
        """What a session of each login is to start with in this database, as one of the role does.

        Settings are not inherited (manual, "Role Membership"). A login that starts as the role needs ``role`` first;
        one that does not is another ``"$user"``, so the role's schema is spelled out where there is one.
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
