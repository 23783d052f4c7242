"""Section [trail]: how structural changes are recorded, once the walk ``trail`` was begun."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flatsplit.config.text import format_duration, parse_duration
from flatsplit.errors import ConfigError

HEADING = "[trail]"


@dataclass(frozen=True, slots=True)
class TrailWishes:
    """What the walk ``trail`` sets up."""

    log: bool = True
    """Whether log_statement = ddl is set for roles that may change the structure and for the application's logins."""
    table: bool = True
    """Whether event triggers record committed changes in flatsplit.ddl."""
    keep: timedelta = timedelta(days=400)
    """How old a row of that table becomes before ``observe`` removes it."""


_KEYS = ("log", "table", "keep")


def read(section: Any, source: str) -> TrailWishes:
    """The content of the section; ConfigError names the key."""
    if not isinstance(section, dict):
        raise ConfigError(f"{source}: trail is a value, not a section", f"write {HEADING} above its keys")
    wishes: dict[str, Any] = {}
    for key, value in section.items():
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1)
            fix = f"did you mean {near[0]}?" if near else f"known are {', '.join(_KEYS)}"
            raise ConfigError(f"{source}: unknown key {HEADING} {key}", fix)
        wishes[key] = _age(value, source) if key == "keep" else _flag(key, value, source)
    return TrailWishes(**wishes)


def _flag(key: str, value: Any, source: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{source}: {HEADING} {key} is neither true nor false", "write it without quotes")
    return value


def _age(value: Any, source: str) -> timedelta:
    try:
        age = parse_duration(value if isinstance(value, str) else "")
    except ValueError:
        age = timedelta()
    if age < timedelta(days=1):
        raise ConfigError(f"{source}: {HEADING} keep is not a duration of a day or more", 'write it like "400d"')
    return age


def render(wishes: TrailWishes) -> list[str]:
    """The lines of the section; none where all is default."""
    usual = TrailWishes()
    lines = [f"{key} = {str(getattr(wishes, key)).lower()}" for key in ("log", "table")]
    lines.append(f'keep = "{format_duration(wishes.keep)}"')
    return [] if wishes == usual else ["", HEADING, *lines]
