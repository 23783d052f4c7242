"""Sections [grants.PURPOSE]: privileges of a role beyond the blueprint, and how objects are named there.

Names are written as in SQL: ``public.sessions``, with double quotes where SQL needs them, routines with the types of
their arguments as PostgreSQL prints them: ``public.refresh(integer)``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from flatsplit.config.keywords import KEYWORDS
from flatsplit.config.special import heading
from flatsplit.config.text import quote
from flatsplit.errors import ConfigError

LETTERS: Mapping[str, str] = {
    "select": "r",
    "insert": "a",
    "update": "w",
    "delete": "d",
    "truncate": "D",
    "references": "x",
    "trigger": "t",
    "maintain": "m",
    "usage": "U",
    "execute": "X",
    "temporary": "T",
    "set": "s",
    "alter_system": "A",
    "member": "",
}
"""The privileges that can be given, with PostgreSQL's letters. CREATE is not among them, since creating is the work of
app_migrator. ``member`` names roles to become a member of, ``set`` and ``alter_system`` parameters.
"""

MEMBER = "member"
_WITH_ARGUMENTS = ("execute", "select", "insert", "update", "references")
"""Privileges whose names may have something in parentheses: types of arguments, or columns."""

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
_PART = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)')


class Grant(NamedTuple):
    """One line of such a section."""

    purpose: str
    """app_user, app_migrator, app_readonly or dba; or the name of a special role."""
    privilege: str
    """A key of :data:`LETTERS`."""
    names: tuple[str, ...]

    @property
    def letter(self) -> str:
        """PostgreSQL's letter for the privilege; "" for a membership."""
        return LETTERS[self.privilege]


class GrantName(NamedTuple):
    """A parsed name: one or two parts, and the arguments of a routine (None for anything else)."""

    parts: tuple[str, ...]
    args: str | None = None


def parse_name(text: str) -> GrantName:
    """Parse a name; ValueError where it is not valid."""
    parts: list[str] = []
    place = 0
    while True:
        match = _PART.match(text, place)
        if match is None:
            raise ValueError(f"not a name: {text!r}")
        quoted, plain = match.groups()
        parts.append(quoted.replace('""', '"') if quoted is not None else fold(plain))
        place = match.end()
        if text[place : place + 1] != ".":
            break
        place += 1
    rest = text[place:].strip()
    if len(parts) > 2 or "\0" in text or (rest and not (rest.startswith("(") and rest.endswith(")"))):
        raise ValueError(f"not a name: {text!r}")
    return GrantName(tuple(parts), rest[1:-1].strip() if rest else None)


def fold(plain: str) -> str:
    """A name without quotes as PostgreSQL folds it in UTF-8: ASCII letters only (downcase_identifier() in
    scansup.c).
    """
    return "".join(char.lower() if char.isascii() else char for char in plain)


def _bare(part: str) -> bool:
    return bool(_PLAIN.fullmatch(part)) and part not in KEYWORDS


def format_name(*parts: str, args: str | None = None) -> str:
    """The text for a name, quoted only where needed, in SQL as in flatsplit.toml."""
    dotted = ".".join(part if _bare(part) else '"' + part.replace('"', '""') + '"' for part in parts)
    return dotted if args is None else f"{dotted}({args})"


def read(section: Any, source: str, purposes: tuple[str, ...]) -> tuple[Grant, ...]:
    """The grants of a [grants] table; ConfigError names the key."""
    if not isinstance(section, dict):
        raise ConfigError(f"{source}: grants is a value, not a section", "write [grants.app_user] above its keys")
    found = []
    for purpose, content in section.items():
        if purpose not in purposes:
            what = f"{source}: unknown section {heading(purpose, 'grants')}"
            error = _unknown(what, purpose, purposes, "[grants.{}]")
            raise ConfigError(error.what, f"{error.fix}; a special role is declared as {heading(purpose)}")
        if not isinstance(content, dict):
            raise ConfigError(
                f"{source}: [grants] {purpose} is a value, not a section", f"write [grants.{purpose}] above its keys"
            )
        for privilege, names in content.items():
            where = f"{source}: {heading(purpose, 'grants')} {privilege}"
            if privilege not in LETTERS:
                raise _unknown(
                    f"{source}: unknown key {heading(purpose, 'grants')} {privilege}", privilege, LETTERS, "{}"
                )
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise ConfigError(f"{where} is not a list of names", 'write it like ["public.sessions"]')
            found.append(Grant(purpose, privilege, tuple(names)))
    return arranged(found, purposes)


def arranged(grants: list[Grant], purposes: tuple[str, ...]) -> tuple[Grant, ...]:
    """The grants in the order in which they are written."""
    order = list(LETTERS)
    return tuple(sorted(grants, key=lambda one: (purposes.index(one.purpose), order.index(one.privilege))))


def check(grants: tuple[Grant, ...], source: str) -> None:
    """Raise ConfigError where a name is not valid."""
    for grant in grants:
        for name in grant.names:
            where = f"{source}: {heading(grant.purpose, 'grants')} {grant.privilege}"
            try:
                parsed = parse_name(name)
            except ValueError:
                raise ConfigError(f"{where}: {quote(name)} is not a name", _how_to_name(name)) from None
            if grant.privilege == MEMBER and (len(parsed.parts) > 1 or parsed.args is not None):
                raise ConfigError(f"{where}: {quote(name)} is not a role", 'write names of roles, like ["pg_monitor"]')
            if grant.privilege == "execute" and parsed.args is None:
                raise ConfigError(
                    f"{where}: {quote(name)} has no argument types", 'write them, for example "public.f(integer)"'
                )
            if parsed.args is not None and grant.privilege not in _WITH_ARGUMENTS:
                raise ConfigError(
                    f"{where}: {quote(name)}: {grant.privilege} is not given by column",
                    f"write {quote(format_name(*parsed.parts))}",
                )


def _how_to_name(name: str) -> str:
    if name.endswith(".*"):
        schema = quote(name.removesuffix(".*"))
        return f"name each object; a special role reads all of a schema with schemas = [{schema}] in its [role.NAME]"
    return 'write schema and name as in SQL, for example "public.sessions" or "public.f(integer)"'


def render(grants: tuple[Grant, ...]) -> list[str]:
    """The lines of the sections."""
    lines: list[str] = []
    purpose = ""
    for grant in grants:
        if grant.purpose != purpose:
            purpose = grant.purpose
            lines += ["", heading(purpose, "grants")]
        lines.append(f"{grant.privilege} = [{', '.join(map(quote, grant.names))}]")
    return lines


def _unknown(what: str, word: str, known: Any, shape: str) -> ConfigError:
    near = difflib.get_close_matches(word, known, 1)
    fix = f"did you mean {shape.format(near[0])}?" if near else f"known are {', '.join(map(shape.format, known))}"
    return ConfigError(what, fix)
