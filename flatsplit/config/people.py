"""Sections [members] and [group.ROLE]: who the roles are besides themselves.

[members] says what becomes of a role that acts as legacy: the application's logins are app_user's, who changes the
structure is app_migrator's. [group.ROLE] says that one of the new roles is a group, and who logs in for it.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

from flatsplit.config.text import quote
from flatsplit.errors import ConfigError

Members = tuple[tuple[str, str], ...]
"""(member of legacy, purpose), sorted."""
Groups = tuple[tuple[str, tuple[str, ...]], ...]
"""(purpose, logins), in the order of the purposes."""


def read_members(section: Any, source: str, purposes: Collection[str]) -> Members:
    """The content of [members]; ConfigError names the key."""
    if not isinstance(section, dict):
        raise ConfigError(f"{source}: members is a value, not a section", "write [members] above its keys")
    for name, purpose in section.items():
        if purpose not in purposes:
            fix = f"say what becomes of it: {', '.join(map(quote, purposes))}"
            raise ConfigError(f"{source}: [members] {quote(name)} is none of the new roles", fix)
    return tuple(sorted(section.items()))


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
            if key != "logins":
                raise ConfigError(f"{source}: unknown key [group.{purpose}] {key}", "known is logins")
        logins = content.get("logins", [])
        if not isinstance(logins, list) or not all(isinstance(name, str) and name for name in logins):
            where = f"{source}: [group.{purpose}] logins"
            raise ConfigError(f"{where} is not a list of names", 'write it like ["app_user_a", "app_user_b"]')
        found.append((purpose, tuple(logins)))
    return tuple(sorted(found, key=lambda one: purposes.index(one[0])))


def check(members: Members, groups: Groups, taken: Collection[str], source: str) -> None:
    """Whether nobody is spoken of twice: ``taken`` are the names of legacy and the new roles."""
    for name, _ in members:
        if name in taken:
            raise ConfigError(f"{source}: [members] {quote(name)} is itself a role of the cutover", "leave it out")
    for purpose, logins in groups:
        for name in logins:
            if name in taken:
                where = f"{source}: [group.{purpose}] logins"
                raise ConfigError(f"{where} names {quote(name)}, a role of the cutover", "name who logs in for it")


def render(members: Members, groups: Groups) -> list[str]:
    """The lines of the sections."""
    lines: list[str] = []
    if members:
        lines += ["", "[members]", *(f"{quote(name)} = {quote(purpose)}" for name, purpose in members)]
    for purpose, logins in groups:
        lines += ["", f"[group.{purpose}]", f"logins = [{', '.join(map(quote, logins))}]"]
    return lines
