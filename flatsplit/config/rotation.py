"""Section [rotation]: how old passwords may become, the hook that stores them, and the poolers that use them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flatsplit.config.text import format_duration, parse_duration, quote
from flatsplit.errors import ConfigError

_KEYS = frozenset({"scram_client_key", "scram_server_key"})
"""Parameters that are as good as a password but that libpq shows."""
_EXAMPLE = 'write it like store = ["./store-password"]: a program and its arguments, never a line for a shell'


@dataclass(frozen=True, slots=True)
class Rotation:
    """[rotation]; nothing of it happens by itself."""

    max_age: timedelta | None = None
    """``status`` and ``verify`` list passwords that are older; None: no limit."""
    store: tuple[str, ...] = ()
    """The hook that stores passwords, as arguments; () where there is none."""
    pooler: tuple[str, ...] = ()
    """Consoles of PgBouncer, as connection strings without a password. ``status`` reads them and changes nothing."""


def read(section: Any, source: str) -> Rotation:
    """The content of [rotation]; ConfigError names the key."""
    if not isinstance(section, dict):
        raise ConfigError(f"{source}: rotation is a value, not a section", "write [rotation] above its keys")
    for key in section:
        if key not in ("max_age", "store", "pooler"):
            raise ConfigError(f"{source}: unknown key [rotation] {key}", "known are max_age, store, pooler")
    return Rotation(
        _age(section.get("max_age"), source),
        _argv(section.get("store", []), source),
        _consoles(section.get("pooler", []), source),
    )


def _age(value: Any, source: str) -> timedelta | None:
    if value is None:
        return None
    fix = 'write it like "90d"; leave it out where no password is too old'
    try:
        age = parse_duration(value if isinstance(value, str) else "")
    except ValueError:
        raise ConfigError(f"{source}: [rotation] max_age is not a duration", fix) from None
    if not age:
        raise ConfigError(f"{source}: [rotation] max_age is no time at all", fix)
    return age


def _argv(value: Any, source: str) -> tuple[str, ...]:
    where = f"{source}: [rotation] store"
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ConfigError(f"{where} is not a list of words", _EXAMPLE)
    if value and not value[0]:
        raise ConfigError(f"{where} names no program", _EXAMPLE)
    if any("\0" in word for word in value):
        raise ConfigError(f"{where} holds a NUL, which no argument can", _EXAMPLE)
    return tuple(value)


def _consoles(value: Any, source: str) -> tuple[str, ...]:
    where = f"{source}: [rotation] pooler"
    example = 'write it like pooler = ["host=10.0.0.7 port=6432 dbname=pgbouncer user=stats"]'
    if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
        raise ConfigError(f"{where} is not a list of connection strings", example)
    if any("\0" in one for one in value):
        raise ConfigError(f"{where} holds a NUL, which no connection string can", example)
    for one in value:
        if (secret := _secret_in(one)) is None:
            raise ConfigError(f"{where} holds something that is no connection string", example)
        if secret:
            raise ConfigError(f"{where} holds a secret ({secret})", f"put it into ~/.pgpass, mode 0600, and {example}")
    return tuple(value)


def _secret_in(conninfo: str) -> str | None:
    """The first parameter that is a secret; "" where there is none, None where libpq cannot parse the string.

    libpq's error for a string that it cannot parse may quote a secret, so it is not shown.
    """
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.pq import Conninfo

    try:
        given = conninfo_to_dict(conninfo)
    except ProgrammingError:
        return None
    hidden = {option.keyword.decode() for option in Conninfo.get_defaults() if option.dispchar == b"*"}
    return next((name for name in given if name in hidden | _KEYS), "")


def render(rotation: Rotation) -> list[str]:
    """The lines of the section; none where it is empty."""
    lines = [] if rotation.max_age is None else [f"max_age = {quote(format_duration(rotation.max_age))}"]
    if rotation.store:
        lines.append(f"store = [{', '.join(map(quote, rotation.store))}]")
    if rotation.pooler:
        lines.append(f"pooler = [{', '.join(map(quote, rotation.pooler))}]")
    return ["", "[rotation]", *lines] if lines else []
