"""Whether a session can begin with the libraries that a role's settings have it load: tried before the walk.

Where one of them cannot be loaded, the server takes the setting without a word and refuses every login of the role
(load_libraries(), miscinit.c). A session of the operator's begins with the same setting, and tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import psycopg

from flatsplit.model import Statement, Target

LIBRARIES = ("local_preload_libraries", "session_preload_libraries")
_ANYBODYS = LIBRARIES[0]
"""Its context is ``user`` (guc_tables.c); the other may only be set by a superuser."""


class Unloadable(NamedTuple):
    """A setting with which no session can begin."""

    role: str
    name: str
    value: str
    reason: str
    """The server's error."""


def given(statement: Statement) -> Iterator[tuple[str, str, str]]:
    """The (role, name, value) of the settings that a statement gives."""
    for change in statement.changes:
        if change.fact == "setting" and change.side == "+":
            name, _, value = change.detail.partition("=")
            yield change.subject, name, value


def unloadable(
    conn: psycopg.Connection[Any], settings: Iterable[tuple[str, str, str]], target: Target
) -> Iterator[Unloadable]:
    """Those of these (role, name, value) with which no session of the role could begin.

    Each name and value is tried once. Nothing is said of what the operator may not set: it could not give it to a role
    either. Nor behind a pooler that takes no options of a session.
    """
    said: dict[tuple[str, str], str] = {}
    for role, name, value in settings:
        key = name.lower(), value
        if key[0] not in LIBRARIES or not (target.operator_superuser or key[0] == _ANYBODYS):
            continue
        if key not in said:
            said[key] = _refused(conn, f"{key[0]}={value}")
            if said[key] and _refused(conn, f"{_ANYBODYS}="):
                return
        if said[key]:
            yield Unloadable(role, name, value, said[key])


def _refused(conn: psycopg.Connection[Any], setting: str) -> str:
    """The server's error to a session of the operator's that begins with this setting; "" where it begins."""
    info = conn.info
    given = info.get_parameters()
    escaped = "".join(
        f"\\{char}" if char in "\\ \t\n\r\f\v" else char for char in setting
    )  # pg_split_opts(), postinit.c
    options = f"{given.get('options', '')} -c {escaped}".strip()
    parameters = {**given, "password": info.password, "options": options, "connect_timeout": "10"}
    try:
        with psycopg.connect(**parameters, autocommit=True):  # type: ignore[arg-type]  # all of them strings
            return ""
    except psycopg.OperationalError as error:
        line = str(error).strip().splitlines()[0]
        return line.partition(":  ")[2] or line
