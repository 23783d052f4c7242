"""Section [tenants]: a role per tenant. Which table says who the tenants are, and what the others have to do with them.

Tables are named as in SQL (``public.accounts``, ``public."Account"``), columns as they are in the catalog, letter by
letter. [tenants.tables] says what the survey could not decide, or would decide wrongly.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from flatsplit.config.grants import format_name, parse_name
from flatsplit.config.text import quote
from flatsplit.errors import ConfigError

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
    auth: TenantAuth = "password"
    connection_limit: int = 5
    """Of each tenant's role; -1 for none."""
    null_rows: NullRows = "hidden"
    """What tenants see of rows that are nobody's."""
    through_rows: int = 1_000_000
    """Tables with more rows than this need a key of their own, unless that is accepted."""
    root_update: bool = False
    """Tenants may change their own row of the root."""
    rings: Rings = (("1",), ("5%",), (REST,))
    """Who is switched when: keys, or a share of the tenants."""
    own: Decided = ()
    """[tenants.tables] own: the column with the key."""
    through: Decided = ()
    """The column that leads to a row of another table, ``order_id`` or ``order_id -> public.orders(id)``."""
    shared: tuple[str, ...] = ()
    """Everybody's: tenants read them whole."""
    hidden: tuple[str, ...] = ()
    """Nobody's business: tenants have no right on them."""


class Way(NamedTuple):
    """A foreign key, declared or not: columns, and whose row they name; "" where the declared one is meant."""

    columns: tuple[str, ...]
    schema: str = ""
    table: str = ""
    targets: tuple[str, ...] = ()


COMMENTS: Mapping[str, str] = {
    "root": "one row per tenant; its primary key is the key",
    "key": "names that the column may have",
    "group": "what every tenant's role is a member of",
    "role": "what a tenant's role is called",
    "schema": "of the table that says which role is whose",
    "auth": "password | external",
    "connection_limit": "of each tenant's role; -1: none",
    "null_rows": "hidden | read: rows whose key is NULL",
    "through_rows": "above, a table needs a key column of its own",
    "root_update": "true: tenants may change their own row of the root",
    "rings": "who is switched when: keys, or a share of the tenants",
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
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ConfigError(f"{where} is not a number from {least} on", "write it without quotes")
        return value

    return number


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
    "auth": _word(get_args(TenantAuth)),
    "connection_limit": _number(-1),
    "null_rows": _word(get_args(NullRows)),
    "through_rows": _number(0),
    "root_update": _flag,
    "rings": _rings,
}


def check(tenants: Tenants | None, taken: Collection[str], source: str) -> None:
    """Whether names can be names, and nothing is said twice: ``taken`` are the names of legacy and the new roles."""
    if tenants is None:
        return
    where = f"{source}: {HEADING}"
    _table(tenants.root, f"{where} root")
    for key, name in (("group", tenants.group), ("schema", tenants.schema)):
        if not name or "\0" in name or len(name.encode("utf-8", "surrogatepass")) > NAME_BYTES:
            raise ConfigError(f"{where} {key} is empty or too long for a name", "give it a short name")
        if name.startswith("pg_") or name in ("public", "none", "information_schema", "flatsplit"):
            raise ConfigError(f"{where} {key} = {quote(name)} is reserved", "use another name")
    if tenants.group in taken:
        raise ConfigError(f"{where} group = {quote(tenants.group)} is a role of the cutover", "use another name")
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


_ANY = r'(?:"(?:[^"]|"")*"|[^"])'
_SHAPE = re.compile(
    rf"\s*(?P<columns>{_ANY}+?)\s*(?:->\s*(?P<table>{_ANY}+?)\s*\((?P<targets>{_ANY}+)\)\s*)?", re.DOTALL
)


def parse_way(text: str) -> Way:
    """What a value under ``through`` says; ValueError where it says nothing.

    Columns stand between commas, each as it is or in double quotes where it holds a comma, a bracket or an arrow.
    """
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ValueError(f"no way: {text!r}")
    columns = _pieces(match["columns"])
    if match["table"] is None:
        return Way(columns)
    name = parse_name(match["table"])
    targets = _pieces(match["targets"])
    if len(name.parts) != 2 or name.args is not None or len(targets) != len(columns):
        raise ValueError(f"no way: {text!r}")
    return Way(columns, *name.parts, targets)


def format_way(way: Way) -> str:
    """The text for it."""
    columns = ", ".join(map(_piece, way.columns))
    if not way.table:
        return columns
    return f"{columns} -> {format_name(way.schema, way.table)}({', '.join(map(_piece, way.targets))})"


_SPLIT = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^,"]+?))\s*(?:,|\Z)')


def _pieces(text: str) -> tuple[str, ...]:
    found, place = [], 0
    while place < len(text):
        match = _SPLIT.match(text, place)
        if match is None or re.search(r"->|[()]", match[2] or ""):
            raise ValueError(f"no column: {text!r}")
        found.append(match[1].replace('""', '"') if match[1] is not None else match[2])
        place = match.end()
    return tuple(found)


def _piece(column: str) -> str:
    plain = column == column.strip() and not re.search(r'[",()]|->', column)
    return column if plain else '"' + column.replace('"', '""') + '"'


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
        if field.name not in _TABLES:
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
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return quote(str(value))
