"""Section [tenants]: a role per tenant. Which table says who the tenants are, and what the others have to do with them.

Tables are named as in SQL (``public.accounts``, ``public."Account"``), columns as they are in the catalog, letter by
letter. [tenants.tables] says what the survey could not decide, or would decide wrongly.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Literal, TypeAlias, get_args

from flatsplit.config.foreign_key_paths import parse_way
from flatsplit.config.grants import parse_name
from flatsplit.config.text import format_duration, parse_duration, quote
from flatsplit.errors import ConfigError

Connect: TypeAlias = Literal["login", "pool"]
TenantAuth: TypeAlias = Literal["password", "external"]
NullRows: TypeAlias = Literal["hidden", "read"]
Rings: TypeAlias = tuple[tuple[str, ...], ...]
Decided: TypeAlias = tuple[tuple[str, str], ...]
"""(table, column or path), as written, sorted."""

HEADING, TABLES = "[tenants]", "[tenants.tables]"
PLACE = "{key}"
"""Stands in ``role`` where the key of the tenant goes."""
REST = "rest"
NAME_BYTES = 63
RINGS: Rings = (("1",), ("5%",), (REST,))
"""Where the configuration does not say them: the first tenant, where keys are numbers, a few, and the rest."""


@dataclass(frozen=True, slots=True)
class Tenants:
    """All of the section."""

    root: str
    """The table with one row per tenant; its primary key is the key."""
    key: tuple[str, ...] = ()
    """Names that the column may have that says whose a row is."""
    group: str = "app_tenant"
    role: str = "tenant_" + PLACE
    schema: str = "tenancy"
    """Of the table that says which role is whose."""
    connect: Connect = "login"
    """``pool``: tenants do not log in, one role does and becomes each of them by SET ROLE."""
    pool: str = "app_pool"
    """What that role is called."""
    auth: TenantAuth = "password"
    connection_limit: int = 5
    """Of each tenant's role; -1 for none."""
    active: int = 0
    """Tenants that are connected at once; 0: all of them."""
    null_rows: NullRows = "hidden"
    """What tenants see of rows that are nobody's."""
    through_rows: int = 1_000_000
    """Tables with more rows than this need a key of their own, unless that is accepted."""
    root_update: bool = False
    """Tenants may change their own row of the root."""
    rings: Rings = RINGS
    """Who is switched when: keys, or a share of the tenants."""
    soak: timedelta | None = None
    """So long a ring rests before the next one's turn; None: as [gates] soak."""
    close: bool = False
    """At the end the application's role loses sight of the tenants' rows."""
    stays: tuple[str, ...] = ()
    """application_name of what goes on as the application's role then: it needs no tenant's row, as a sign-in does."""
    own: Decided = ()
    """[tenants.tables] own: the column with the key."""
    through: Decided = ()
    """The column that leads to a row of another table, ``order_id`` or ``order_id -> public.orders(id)``."""
    shared: tuple[str, ...] = ()
    """Everybody's: tenants read them whole."""
    hidden: tuple[str, ...] = ()
    """Nobody's business: tenants have no right on them."""


COMMENTS: Mapping[str, str] = {
    "root": "one row per tenant; its primary key is the key",
    "key": "names that the column may have",
    "group": "what every tenant's role is a member of",
    "role": "what a tenant's role is called",
    "schema": "of the table that says which role is whose",
    "connect": "login | pool: SET ROLE from one role; that holds against a forgotten WHERE, not an injection",
    "pool": "the role of that pool",
    "auth": "password | external",
    "connection_limit": "of each tenant's role; -1: none",
    "active": "tenants that are connected at once; 0: all of them",
    "null_rows": "hidden | read: rows whose key is NULL",
    "through_rows": "above, a table needs a key column of its own",
    "root_update": "true: tenants may change their own row of the root",
    "rings": "who is switched when: keys, or a share of the tenants",
    "soak": "so long each ring rests; left out: [gates] soak",
    "close": "true: at last app_user sees no tenant's row any more",
    "stays": "application_name of what goes on as app_user then",
}
_TABLES: tuple[str, ...] = ("own", "through", "shared", "hidden")
_EXAMPLE = 'root = "public.accounts"'


def read(section: Any, source: str) -> Tenants | None:
    """The content of the section, None where there is none; ConfigError names the key."""
    if section is None:
        return None
    where = f"{source}: {HEADING}"
    if not isinstance(section, dict):
        raise ConfigError(f"{source}: tenants is a value, not a section", f"write {HEADING} above its keys")
    values: dict[str, Any] = {}
    for key, value in section.items():
        if key == "tables":
            values.update(_tables(value, source))
        elif key in _READERS:
            values[key] = _READERS[key](value, f"{where} {key}")
        else:
            raise _unknown(f"{source}: unknown key {HEADING} {key}", key, (*_READERS, "tables"))
    if "root" not in values:
        raise ConfigError(f"{where} root is missing", f"name the table with one row per tenant, like {_EXAMPLE}")
    return Tenants(**values)


def _tables(section: Any, source: str) -> dict[str, Any]:
    if not isinstance(section, dict):
        raise ConfigError(f"{source}: {HEADING} tables is a value, not a section", f"write {TABLES} above its keys")
    found: dict[str, Any] = {}
    for key, value in section.items():
        where = f"{source}: {TABLES} {key}"
        if key not in _TABLES:
            raise _unknown(f"{source}: unknown key {TABLES} {key}", key, _TABLES)
        found[key] = _names(value, where) if key in ("shared", "hidden") else _columns(value, where)
    return found


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{where} is not a string", "put it in double quotes")
    return value


def _names(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{where} is not a list of names", 'write it like ["public.plans"]')
    return tuple(value)


def _columns(value: Any, where: str) -> Decided:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ConfigError(
            f"{where} does not say a column for each table", 'write it like { "public.lines" = "order_id" }'
        )
    return tuple(sorted(value.items()))


def _number(least: int) -> Callable[[Any, str], int]:
    def number(value: Any, where: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**31:
            raise ConfigError(f"{where} is not a number from {least} to {2**31 - 1}", "write it without quotes")
        return value

    return number


def _duration(value: Any, where: str) -> timedelta:
    try:
        return parse_duration(_text(value, where))
    except ValueError:
        raise ConfigError(f"{where} is not a duration", 'write it like "24h" or "7d"') from None


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{where} is neither true nor false", "write true or false, without quotes")
    return value


def _word(words: tuple[str, ...]) -> Callable[[Any, str], str]:
    def word(value: Any, where: str) -> str:
        if value not in words or not isinstance(value, str):
            raise ConfigError(f"{where} is not one of its values", f"use {', '.join(map(quote, words))}")
        return value

    return word


def _connect(value: Any, where: str) -> str:
    """Refuses by name what keeps nobody apart who runs SQL of its own."""
    if value in ("setting", "guc", "variable", "session_user"):
        raise ConfigError(
            f"{where} = {quote(value)} is not built: whoever runs SQL may set a setting to another tenant's key",
            'use "login", or "pool" where no tenant\'s SQL is trusted with more than a WHERE',
        )
    return _word(get_args(Connect))(value, where)


def _rings(value: Any, where: str) -> Rings:
    if not isinstance(value, list) or not all(isinstance(ring, list) and ring for ring in value):
        raise ConfigError(f"{where} is not a list of lists", 'write it like [["1", "17"], ["5%"], ["rest"]]')
    if not all(isinstance(one, str) for ring in value for one in ring):
        raise ConfigError(f"{where} holds what is no string", 'write keys in double quotes, like [["1"], ["rest"]]')
    return tuple(map(tuple, value))


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "root": _text,
    "key": _names,
    "group": _text,
    "role": _text,
    "schema": _text,
    "connect": _connect,
    "pool": _text,
    "auth": _word(get_args(TenantAuth)),
    "connection_limit": _number(-1),
    "active": _number(0),
    "null_rows": _word(get_args(NullRows)),
    "through_rows": _number(0),
    "root_update": _flag,
    "rings": _rings,
    "soak": _duration,
    "close": _flag,
    "stays": _names,
}


def check(tenants: Tenants | None, taken: Collection[str], source: str) -> None:
    """Whether names can be names, and nothing is said twice: ``taken`` are the names of legacy and the new roles."""
    if tenants is None:
        return
    where = f"{source}: {HEADING}"
    _table(tenants.root, f"{where} root")
    for key, name in (("group", tenants.group), ("schema", tenants.schema), ("pool", tenants.pool)):
        if not name or "\0" in name or len(name.encode("utf-8", "surrogatepass")) > NAME_BYTES:
            raise ConfigError(f"{where} {key} is empty or too long for a name", "give it a short name")
        if name.startswith("pg_") or name in ("public", "none", "information_schema", "flatsplit"):
            raise ConfigError(f"{where} {key} = {quote(name)} is reserved", "use another name")
    for key, name in (("group", tenants.group), ("pool", tenants.pool)):
        if key == "pool" and tenants.connect != "pool":
            continue
        if name in taken or (key == "pool" and name == tenants.group):
            raise ConfigError(f"{where} {key} = {quote(name)} is a role of the cutover", "use another name")
    if tenants.role.count(PLACE) != 1 or "\0" in tenants.role:
        raise ConfigError(f"{where} role has {PLACE} not exactly once", f'write it like "tenant_{PLACE}"')
    if tenants.role.startswith("pg_") or len(tenants.role.replace(PLACE, "").encode()) >= NAME_BYTES:
        raise ConfigError(f"{where} role = {quote(tenants.role)} cannot name a role", f'write it like "tenant_{PLACE}"')
    if any(not name or "\0" in name for name in tenants.key):
        raise ConfigError(f"{where} key holds an empty name", 'write it like ["account_id"]')
    _check_rings(tenants.rings, f"{where} rings")
    seen: dict[tuple[str, ...], str] = {parse_name(tenants.root).parts: "root"}
    for kind, name, column in _decided(tenants):
        at = f"{source}: {TABLES} {kind}"
        parts = _table(name, at)
        if parts in seen:
            said = "the root" if seen[parts] == "root" else f"{seen[parts]} already"
            raise ConfigError(f"{at}: {quote(name)} is {said}", "say each table once")
        seen[parts] = kind
        if kind in ("own", "through") and not column.strip():
            raise ConfigError(f"{at}: {quote(name)} has no column", "name the column")
        if kind == "through":
            _way(column, at)


def _decided(tenants: Tenants) -> Iterable[tuple[str, str, str]]:
    """(kind, table, column) of all that is decided."""
    for kind, pairs in (("own", tenants.own), ("through", tenants.through)):
        yield from ((kind, table, column) for table, column in pairs)
    for kind, names in (("shared", tenants.shared), ("hidden", tenants.hidden)):
        yield from ((kind, table, "") for table in names)


def _table(name: str, where: str) -> tuple[str, ...]:
    try:
        parsed = parse_name(name)
    except ValueError:
        parsed = None
    if parsed is None or len(parsed.parts) != 2 or parsed.args is not None:
        raise ConfigError(
            f"{where}: {quote(name)} is not a table",
            'write schema and name as in SQL, like "public.accounts"',
        )
    return parsed.parts


def _check_rings(rings: Rings, where: str) -> None:
    if not rings or rings[-1] != (REST,):
        raise ConfigError(f"{where} does not end with the rest", 'let the last one be ["rest"]')
    if any(REST in ring for ring in rings[:-1]):
        raise ConfigError(f"{where} has the rest before its end", 'let only the last one be ["rest"]')
    shares = [one for ring in rings for one in ring if one.endswith("%")]
    if any(not re.fullmatch(r"\d{1,2}(\.\d+)?%|100%", one) for one in shares):
        raise ConfigError(f"{where} has a share that is none", 'write it like "5%"')


def _way(text: str, where: str) -> None:
    try:
        parse_way(text)
    except ValueError:
        raise ConfigError(
            f"{where}: {quote(text)} is no way to another table", 'write it like "order_id -> public.orders(id)"'
        ) from None


def _unknown(what: str, word: str, known: Collection[str]) -> ConfigError:
    near = difflib.get_close_matches(word, known, 1)
    return ConfigError(what, f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}")


def render(tenants: Tenants | None) -> list[str]:
    """The lines of the section; none where there is none."""
    if tenants is None:
        return []
    lines = ["", HEADING]
    for field in fields(tenants):
        if field.name not in _TABLES and getattr(tenants, field.name) is not None:
            text = f"{field.name} = {_toml(getattr(tenants, field.name))}"
            lines.append(f"{text:<33} # {COMMENTS[field.name]}")
    return [*lines, *render_tables(tenants)]


def render_tables(tenants: Tenants) -> list[str]:
    """The lines of [tenants.tables]; none where nothing is decided."""
    lines = []
    for kind, pairs in (("own", tenants.own), ("through", tenants.through)):
        if pairs:
            inside = ", ".join(f"{quote(table)} = {quote(column)}" for table, column in pairs)
            lines.append(f"{kind} = {{ {inside} }}")
    for kind, names in (("shared", tenants.shared), ("hidden", tenants.hidden)):
        if names:
            lines.append(f"{kind} = {_toml(names)}")
    return ["", TABLES, *lines] if lines else []


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, timedelta):
        return quote(format_duration(value))
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return quote(str(value))
