"""Section [owner-powers]: decisions on what runs as its owner and needs more than an ordinary owner has.

``dba`` names objects that go to dba instead of app_migrator, ``bypassrls`` gives app_migrator that attribute. Names are
written as under [grants]; for a routine the types of its arguments are enough.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from flatsplit.config.grants import GrantName, parse_name
from flatsplit.config.signatures import same_arguments
from flatsplit.config.text import quote
from flatsplit.errors import ConfigError

HEADING = "[owner-powers]"
KEYS = ("dba", "bypassrls")
_EXAMPLE = 'dba = ["public.lookup(text)"]'


@dataclass(frozen=True, slots=True)
class OwnerPowers:
    """What app_migrator does not own as an ordinary role."""

    dba: tuple[str, ...] = ()
    """Objects that go to dba."""
    bypassrls: bool = False
    """Whether app_migrator bypasses row-level security, as legacy did."""


def read(section: Any, source: str) -> OwnerPowers:
    """The content of the section; ConfigError names the key."""
    if not isinstance(section, dict):
        raise ConfigError(f"{source}: owner-powers is a value, not a section", f"write {HEADING} above its keys")
    for key in section:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, 1)
            fix = f"did you mean {near[0]}?" if near else f"known are {', '.join(KEYS)}"
            raise ConfigError(f"{source}: unknown key {HEADING} {key}", fix)
    names, bypasses = section.get("dba", []), section.get("bypassrls", False)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigError(f"{source}: {HEADING} dba is not a list of names", f"write it like {_EXAMPLE}")
    if not isinstance(bypasses, bool):
        raise ConfigError(f"{source}: {HEADING} bypassrls is neither true nor false", "write it without quotes")
    return OwnerPowers(tuple(names), bypasses)


def check(powers: OwnerPowers, dba: str, source: str) -> None:
    """Raise ConfigError where a name is not valid, or there is no dba to own the objects."""
    for name in powers.dba:
        try:
            parts, _ = parse_name(name)
        except ValueError:
            parts = ()
        if len(parts) != 2:
            raise ConfigError(
                f"{source}: {HEADING} dba: {quote(name)} is not a name",
                'write schema and name as in SQL, for example "public.report" or "public.lookup(text)"',
            )
    if powers.dba and not dba:
        raise ConfigError(
            f"{source}: {HEADING} dba names objects, but there is no such role", "name dba under [roles], or leave them"
        )


def render(powers: OwnerPowers) -> list[str]:
    """The lines of the section; none where there is no decision."""
    lines = [f"dba = [{', '.join(map(quote, powers.dba))}]"] if powers.dba else []
    lines += ["bypassrls = true"] if powers.bypassrls else []
    return ["", HEADING, *lines] if lines else []


def means(name: GrantName, schema: str, called: str, args: str | None) -> bool:
    """Whether the name is that of this object. ``args``: of a routine as the catalog prints them, else None."""
    if name.parts != (schema, called) or (name.args is None) != (args is None):
        return False
    if name.args is None or args is None or name.args == args:
        return True
    return same_arguments(name.args, args)
