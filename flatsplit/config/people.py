"""Sections [members], [group.ROLE] and [people]: who uses the roles.

[members] says what a member of legacy becomes: the application's logins become members of app_user, those that change
the structure of app_migrator. [group.ROLE] says that a new role is a group, and who logs in for it. [people] names
persons and their roles.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from flatsplit.config.text import quote
from flatsplit.errors import ConfigError

Members = tuple[tuple[str, str], ...]
"""(member of legacy, purpose), sorted."""


@dataclass(frozen=True, slots=True)
class Group:
    """[group.PURPOSE]: a new role that is a group, or becomes one by a walk."""

    purpose: str
    logins: tuple[str, ...]
    """Who logs in for it; two logins are twins, of which one rests."""
    as_group: bool = True
    """Whether sessions of its logins begin as the group, so that it owns what they create."""
    connection_limit: int | None = None
    """The limit of each login; None for the group's own, which limits only the group itself."""


Groups = tuple[Group, ...]
"""In the order of the purposes."""


People = tuple[tuple[str, tuple[str, ...]], ...]
"""(person, purposes of the roles), sorted."""


def read_people(section: Any, source: str, purposes: Collection[str]) -> People:
    """The content of [people]; ConfigError names the key."""
    if not isinstance(section, dict):
        raise ConfigError(f"{source}: people is a value, not a section", "write [people] above its keys")
    for name, content in section.items():
        where = f"{source}: [people] {quote(name)}"
        if not name:
            raise ConfigError(f"{where} names nobody", 'write it like alice = ["app_readonly", "dba"]')
        if not isinstance(content, list) or not all(isinstance(one, str) for one in content):
            raise ConfigError(f"{where} is not a list of roles", 'write it like ["app_readonly", "dba"]')
        for purpose in content:
            if purpose not in purposes:
                near = difflib.get_close_matches(purpose, purposes, 1)
                fix = f"did you mean {quote(near[0])}?" if near else f"known are {', '.join(purposes)}"
                raise ConfigError(f"{where} names {quote(purpose)}, which is none of the new roles", fix)
        if len(set(content)) < len(content):
            raise ConfigError(f"{where} names a role twice", "name each once")
    return tuple(sorted((name, tuple(content)) for name, content in section.items()))


def read_members(section: Any, source: str, purposes: Collection[str]) -> Members:
    """The content of [members]; ConfigError names the key."""
    if not isinstance(section, dict):
        raise ConfigError(f"{source}: members is a value, not a section", "write [members] above its keys")
    for name, purpose in section.items():
        if purpose not in purposes:
            fix = f"say what becomes of it: {', '.join(map(quote, purposes))}"
            raise ConfigError(f"{source}: [members] {quote(name)} is none of the new roles", fix)
    return tuple(sorted(section.items()))


_KEYS = ("logins", "as_group", "connection_limit")


def read_groups(section: Any, source: str, purposes: tuple[str, ...]) -> Groups:
    """The content of the [group.ROLE] tables; ConfigError names the key."""
    if not isinstance(section, dict):
        raise ConfigError(f"{source}: group is a value, not a section", "write [group.app_user] above its keys")
    found = []
    for purpose, content in section.items():
        if purpose not in purposes:
            near = difflib.get_close_matches(purpose, purposes, 1)
            fix = f"did you mean [group.{(near or purposes)[0]}]?"
            raise ConfigError(f"{source}: unknown section [group.{purpose}]", fix)
        if not isinstance(content, dict):
            raise ConfigError(f"{source}: [group] {purpose} is a value", f"write [group.{purpose}] above its keys")
        for key in content:
            if key not in _KEYS:
                fix = f"known are {', '.join(_KEYS)}"
                raise ConfigError(f"{source}: unknown key [group.{purpose}] {key}", fix)
        logins = content.get("logins", [])
        if not isinstance(logins, list) or not all(isinstance(name, str) and name for name in logins):
            where = f"{source}: [group.{purpose}] logins"
            raise ConfigError(f"{where} is not a list of names", 'write it like ["app_user_a", "app_user_b"]')
        as_group, limit = content.get("as_group", True), content.get("connection_limit")
        if not isinstance(as_group, bool):
            where = f"{source}: [group.{purpose}] as_group"
            raise ConfigError(f"{where} is neither true nor false", "write true or false, without quotes")
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit < 2**31):
            where = f"{source}: [group.{purpose}] connection_limit"
            raise ConfigError(f"{where} is not a number of connections", "write it like connection_limit = 40")
        found.append(Group(purpose, tuple(logins), as_group, limit))
    return tuple(sorted(found, key=lambda one: purposes.index(one.purpose)))


def check(
    members: Members, groups: Groups, people: People, taken: Collection[str], special: Collection[str], source: str
) -> None:
    """Raise ConfigError where a name is used twice; ``taken`` are the names of legacy and the new roles, ``special``
    those of special roles.
    """
    for name, _ in members:
        if name in taken:
            raise ConfigError(f"{source}: [members] {quote(name)} is itself a role of the cutover", "leave it out")
    of: dict[str, str] = {}
    for group in groups:
        where = f"{source}: [group.{group.purpose}] logins"
        for name in group.logins:
            if name in taken:
                raise ConfigError(f"{where} names {quote(name)}, a role of the cutover", "name who logs in for it")
            if name in of:
                again = "twice" if of[name] == group.purpose else f"a login of {of[name]} already"
                raise ConfigError(f"{where} names {quote(name)}, {again}", "name each once")
            if name in special:
                raise ConfigError(f"{where} names {quote(name)}, a special role", "name who logs in for it")
            of[name] = group.purpose
    for name, _ in people:
        if name in taken or name in of:
            what = "a role of the cutover" if name in taken else f"a login of {of[name]}"
            raise ConfigError(f"{source}: [people] {quote(name)} is {what}", "name persons there")
        if name in special:
            raise ConfigError(f"{source}: [people] {quote(name)} is a special role", "name persons there")


def render(members: Members, groups: Groups, people: People = ()) -> list[str]:
    """The lines of the sections."""
    lines: list[str] = []
    if members:
        lines += ["", "[members]", *(f"{quote(name)} = {quote(purpose)}" for name, purpose in members)]
    for group in groups:
        lines += ["", f"[group.{group.purpose}]", f"logins = [{', '.join(map(quote, group.logins))}]"]
        lines += [] if group.as_group else ["as_group = false"]
        lines += [] if group.connection_limit is None else [f"connection_limit = {group.connection_limit}"]
    if people:
        rows = [f"{quote(name)} = [{', '.join(map(quote, purposes))}]" for name, purposes in people]
        lines += ["", "[people]", *rows]
    return lines
