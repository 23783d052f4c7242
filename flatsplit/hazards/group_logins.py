"""Hazards in new roles that are groups: what their logins do not get from them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import blueprint, ddl, membership
from flatsplit.hazards.registry import Found, Seen, few, hazard
from flatsplit.model import SettingKey
from flatsplit.walks import split
from flatsplit.walks.group.context import here_and_newer, ignores_role_setting, let_inherit
from flatsplit.walks.split.enable_login import legacy_settings, search_path

_CREATES_FOR_ITSELF = "What a member of a role creates belongs to the member: "


@hazard(
    "group-logins",
    "warning",
    split.ENABLE_LOGIN,
    looks_at="logins under [group.ROLE] in flatsplit.toml: whether they inherit, their settings, and whether their "
    "sessions begin as the group",
    why="Settings and attributes are not inherited by members of a group, what a member creates is its own, and one "
    "that does not inherit has nothing until it does SET ROLE.",
    fix="ALTER ROLE login IN DATABASE name SET role = 'app_user'; for each login, and the settings that it needs.",
    manual="role-membership.html",
)
def group_logins(seen: Seen) -> Iterator[Found]:
    """Logins that differ from the group in what matters."""
    config, state = seen.context.config, seen.state
    shy: list[tuple[str, str]] = []
    making: list[tuple[str, str]] = []
    unset: dict[str, list[tuple[str, str]]] = {}
    wanted = _wanted(seen)
    ignored = ignores_role_setting(state.target.version)
    for declared in config.groups:
        purpose, group = declared.purpose, str(getattr(config.roles, declared.purpose))
        for login in declared.logins:
            if login not in state.roles or group not in state.roles or state.roles[login].superuser:
                continue
            row = _row(seen, login)
            begins = row.get("role") == group and not ignored
            if purpose == blueprint.OWNER.key and not begins:
                making.append((login, group))
            elif not begins and group not in _inherited(seen, login):
                shy.append((login, group))
            lacking = [(name, value) for name, value in sorted(wanted.items()) if name not in row]
            if lacking:
                unset[login] = lacking
    if making:
        names = [login for login, _ in making]
        yield Found(
            f"what {few(names)} creates will not belong to {making[0][1]}",
            tuple(names),
            why=f"{_CREATES_FOR_ITSELF}no default privileges of {making[0][1]}'s act, app_user could not use it, and "
            "no other login could change it. A session that begins as the group creates as the group.",
            fix="\n".join([*_update(seen, making[0][1]), *(_as_group(seen, login, group) for login, group in making)]),
            sql=tuple(_as_group(seen, login, group) for login, group in making),
        )
    if shy:
        names = [login for login, _ in shy]
        cures = [let_inherit(state, group, login) if ignored else _as_group(seen, login, group) for login, group in shy]
        yield Found(
            f"{few(names)} has none of the rights of {shy[0][1]} without SET ROLE",
            tuple(names),
            why="The membership is not inherited, so row security and grants of the group do not hold for it.",
            fix="\n".join(cures),
            sql=tuple(cures),
        )
    if unset:
        yield Found(
            f"settings of {seen.legacy} that {few(sorted(unset))} will not have",
            tuple(sorted(unset)),
            why="enable-login gives them to the group, and a member's sessions do not start with a group's settings.",
            fix="\n".join(
                ddl.set_setting(login, state.target.database, name, value)
                for login, lacking in sorted(unset.items())
                for name, value in lacking
            ),
        )


def _wanted(seen: Seen) -> dict[str, str]:
    if seen.legacy not in seen.state.roles:
        return {}
    wanted = legacy_settings(seen.state, seen.context)
    path = search_path(seen.state, seen.context)
    return wanted if path is None else {**wanted, "search_path": path}


def _row(seen: Seen, login: str) -> dict[str, str]:
    keys = (SettingKey(login, ""), SettingKey(login, seen.state.target.database))
    return {name: value for key in keys for name, value in seen.state.settings.get(key, ())}


def _as_group(seen: Seen, login: str, group: str) -> str:
    return ddl.set_setting(login, seen.state.target.database, "role", group)


def _update(seen: Seen, group: str) -> Iterator[str]:
    """What has to come before a login's setting helps."""
    if ignores_role_setting(seen.state.target.version):
        here, newer = here_and_newer(seen.state.target.version)
        yield f"Update the server to {newer} or later: {here} ignores this setting."
        yield f"Until then each session has to begin with SET ROLE {ddl.ident(group)};"


def _inherited(seen: Seen, login: str) -> frozenset[str]:
    state = seen.state
    found, todo = {login}, [login]
    while todo:
        one = todo.pop()
        for key, options in state.members.items():
            if key.member == one and key.role not in found and membership.inherits(state, key, options):
                found.add(key.role)
                todo.append(key.role)
    return frozenset(found)
