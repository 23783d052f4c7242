"""Sections [role.NAME]: special roles, each with a list of its rights ([grants.NAME]).

A background job, an audit of some columns, a reader of one schema, an application that creates tables while it runs.
``flatsplit begin role NAME`` makes one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypeAlias, get_args

from flatsplit.config.secret_settings import holds_secret
from flatsplit.config.text import format_duration, parse_duration, quote
from flatsplit.errors import ConfigError

NewTables: TypeAlias = Literal["none", "read", "write"]
UntoldSequences: TypeAlias = Literal["untold", "listed"]


@dataclass(frozen=True, slots=True)
class Special:
    """One special role."""

    name: str
    like: str = ""
    """It begins with the rights of this role and ends with its own list; "" to begin with the list."""
    new_tables: NewTables = "none"
    """Its rights on future tables in the schemas that it may use."""
    connection_limit: int = -1
    settings: tuple[tuple[str, str], ...] = ()
    """Sorted by name. The role can change them itself, so they are no limits."""
    schemas: tuple[str, ...] = ()
    """Schemas in which it reads everything, future tables too."""
    create: tuple[str, ...] = ()
    """Schemas in which it creates; other roles can use what it creates at once."""
    sequences: UntoldSequences = "untold"
    """``listed``: a person says that statements that do not name their sequence, such as ``nextval($1)``, use those of
    its list and no others.
    """
    learn: timedelta = timedelta(days=35)
    """How long its statements are watched without a hole before its list counts as complete: a month's end should be in
    it.
    """


KEYS = ("like", "new_tables", "connection_limit", "settings", "schemas", "create", "sequences", "learn")
NEVER = ("role", "session_authorization")
"""Settings that would make a session act as another role."""
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def key(name: str) -> str:
    """A name as a TOML key."""
    return name if _BARE.fullmatch(name) else quote(name)


def heading(name: str, section: str = "role") -> str:
    """``[role.app_jobs]``."""
    return f"[{section}.{key(name)}]"


def read(section: Any, source: str) -> tuple[Special, ...]:
    """The special roles of a [role] table, in the order in which they stand; ConfigError names the key."""
    if not isinstance(section, dict):
        raise ConfigError(f"{source}: role is a value, not a section", "write [role.app_jobs] above its keys")
    return tuple(_read_one(name, content, source) for name, content in section.items())


def _read_one(name: str, content: Any, source: str) -> Special:
    where = f"{source}: {heading(name)}"
    if not isinstance(content, dict):
        raise ConfigError(f"{source}: [role] {key(name)} is a value, not a section", f"write {heading(name)} above it")
    for word in content:
        if word not in KEYS:
            near = difflib.get_close_matches(word, KEYS, 1)
            fix = f"did you mean {near[0]}?" if near else f"known are {', '.join(KEYS)}"
            raise ConfigError(f"{source}: unknown key {heading(name)} {word}", fix)
    like = content.get("like", "")
    if not isinstance(like, str):
        raise ConfigError(f"{where} like is not a string", 'write like = "app_user"')
    limit = content.get("connection_limit", -1)
    if not is_limit(limit):
        raise ConfigError(f"{where} connection_limit is not a number of connections", "write connection_limit = 5")
    lists = {word: _names(content.get(word, []), f"{where} {word}") for word in ("schemas", "create")}
    new_tables = content.get("new_tables", "read" if lists["schemas"] else "none")
    if new_tables not in get_args(NewTables):
        fix = f"use {', '.join(map(quote, get_args(NewTables)))}"
        raise ConfigError(f"{where} new_tables is not one of its values", fix)
    sequences = content.get("sequences", "untold")
    if sequences not in get_args(UntoldSequences):
        fix = f"use {', '.join(map(quote, get_args(UntoldSequences)))}"
        raise ConfigError(f"{where} sequences is not one of its values", fix)
    try:
        learn = parse_duration(content.get("learn", "35d") if isinstance(content.get("learn", ""), str) else "")
    except ValueError:
        raise ConfigError(f"{where} learn is not a duration", 'write learn = "35d"') from None
    settings = _settings(content.get("settings", {}), f"{where} settings")
    return Special(name, like, new_tables, limit, settings, **lists, sequences=sequences, learn=learn)


def is_limit(value: Any) -> bool:
    """Whether CONNECTION LIMIT takes it: an integer of four bytes, -1 for none (gram.y, AlterRole())."""
    return isinstance(value, int) and not isinstance(value, bool) and -1 <= value < 2**31


def _names(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ConfigError(f"{where} is not a list of names", 'write it like ["billing"]')
    return tuple(dict.fromkeys(value))


def _settings(value: Any, where: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} is not a table", 'write settings = { statement_timeout = "1h" }')
    found = []
    for name, content in _flat(value):
        if not _SETTING.fullmatch(name):
            raise ConfigError(f"{where}: {quote(name)} is no name of a setting", "psql's \\dconfig lists them")
        if name.lower() in NEVER:
            fix = "leave it out: a special role acts as itself, or its list would be for nothing"
            raise ConfigError(f"{where}: {name} makes its sessions act as somebody else", fix)
        if isinstance(content, bool):
            content = "on" if content else "off"
        if not isinstance(content, (str, int, float)) or "\0" in str(content):
            raise ConfigError(f"{where}: {name} is neither text nor a number", f'write {name} = "1h"')
        found.append((name, str(content)))
    return tuple(sorted(found))


def _flat(table: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """``app.tenant`` without quotes is a table in a table: the settings with their full names."""
    found: list[tuple[str, Any]] = []
    for name, content in table.items():
        found += _flat(content, f"{before}{name}.") if isinstance(content, dict) else [(f"{before}{name}", content)]
    return found


def check(
    special: tuple[Special, ...],
    taken: Mapping[str, str],
    purposes: Collection[str],
    strong: Collection[str],
    source: str,
    named: Callable[[str, str, str], None],
) -> None:
    """Raise ConfigError for one that is not possible. ``taken``: names of legacy and the new roles, with what they are.

    ``purposes``: other words of [grants]. ``strong``: roles whose rights are no privileges. ``named`` raises
    ConfigError for an invalid name.
    """
    names = [one.name for one in special]
    for one in special:
        where = f"{source}: {heading(one.name)}"
        named(one.name, where, "role")
        if one.name in taken or one.name in purposes:
            what = taken.get(one.name, "the word for one of the four roles")
            raise ConfigError(f"{where} is also {what}", "give the special role a name of its own")
        if one.like:
            named(one.like, f"{where} like", "role")
            if one.like in strong or one.like in names:
                why = "no list can stand in for" if one.like in strong else "are still to be found"
                raise ConfigError(f"{where} like = {quote(one.like)}: its rights {why}", 'use like = "app_user"')
        for word in ("schemas", "create"):
            for schema in getattr(one, word):
                named(schema, f"{where} {word}", "schema")
        if one.schemas and one.new_tables == "none":
            fix = f"leave new_tables out, or list the tables under {heading(one.name, 'grants')}"
            raise ConfigError(f'{where} new_tables = "none", but schemas mean everything in them', fix)


def refuse_secrets(special: tuple[Special, ...], source: str) -> None:
    """Raise ConfigError for a setting that is a secret: what the file says stands in plan, runbook and journal too."""
    for one in special:
        for name, value in one.settings:
            if holds_secret(name, value):
                raise ConfigError(
                    f"{source}: {heading(one.name)} settings: {name} is a secret, and plan, runbook and journal would "
                    "show it",
                    f"take it out, and set it by hand once {key(one.name)} exists: ALTER ROLE … IN DATABASE … SET "
                    f"{name} TO …; what the role in like has is copied by itself, without being shown",
                )


def render(special: tuple[Special, ...]) -> list[str]:
    """The lines of the sections."""
    lines: list[str] = []
    for one in special:
        lines += ["", heading(one.name)]
        if one.like:
            lines.append(f"like = {quote(one.like)}")
        lines.append(f"new_tables = {quote(one.new_tables)}")
        if one.sequences != "untold":
            lines.append(f"sequences = {quote(one.sequences)}")
        if one.learn != Special("").learn:
            lines.append(f"learn = {quote(format_duration(one.learn))}")
        if one.connection_limit != -1:
            lines.append(f"connection_limit = {one.connection_limit}")
        if one.settings:
            pairs = ", ".join(f"{key(name)} = {quote(value)}" for name, value in one.settings)
            lines.append(f"settings = {{ {pairs} }}")
        for word in ("schemas", "create"):
            if names := getattr(one, word):
                lines.append(f"{word} = [{', '.join(map(quote, names))}]")
    return lines
