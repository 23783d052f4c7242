"""Section [become]: roles that a new role may become with SET ROLE, as legacy could: one per tenant or request, say."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

from flatsplit.config.text import quote
from flatsplit.errors import ConfigError

Become = tuple[tuple[str, tuple[str, ...]], ...]
"""(purpose, roles), in the order of the purposes."""


def read(section: Any, source: str, purposes: tuple[str, ...]) -> Become:
    """The content of [become]; ConfigError names the key."""
    if not isinstance(section, dict):
        raise ConfigError(f"{source}: become is a value, not a section", "write [become] above its keys")
    found = []
    for purpose, roles in section.items():
        if purpose not in purposes:
            near = difflib.get_close_matches(purpose, purposes, 1)
            fix = f"did you mean {near[0]}?" if near else f"known are {', '.join(purposes)}"
            raise ConfigError(f"{source}: unknown key [become] {purpose}", fix)
        if not isinstance(roles, list) or not all(isinstance(name, str) and name for name in roles):
            raise ConfigError(f"{source}: [become] {purpose} is not a list of names", 'write it like ["tenant_a"]')
        found.append((purpose, tuple(roles)))
    return tuple(sorted(found, key=lambda one: purposes.index(one[0])))


def check(become: Become, taken: Collection[str], source: str) -> None:
    """Raise ConfigError for a role that is legacy or one of the new roles (``taken``)."""
    for purpose, roles in become:
        for name in roles:
            if name in taken:
                where = f"{source}: [become] {purpose}"
                raise ConfigError(f"{where} names {quote(name)}, a role of the cutover", "name a role besides them")


def render(become: Become) -> list[str]:
    """The lines of the section; none where it is empty."""
    lines = [f"{purpose} = [{', '.join(map(quote, roles))}]" for purpose, roles in become if roles]
    return ["", "[become]", *lines] if lines else []
