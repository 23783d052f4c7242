"""Names quoted for configuration files of other programs, by each format's own rules."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from urllib.parse import quote

from flatsplit.render.text import visible

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_KEY = re.compile(r"[A-Za-z0-9_.-]+")
_WORD = re.compile(r"[A-Za-z0-9_]+")


def url(value: str) -> str:
    """Part of a connection URI: everything but letters, digits and ``-._~`` as %XX."""
    return quote(value, safe="")


def double(value: str) -> str:
    """A JSON string, which YAML and Python read too."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)


def python(value: str) -> str:
    """A Python string, in which JSON's surrogate pairs are not valid."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else repr(value)


def ruby(value: str) -> str:
    """A single-quoted Ruby string, without interpolation."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def hcl(value: str) -> str:
    """A Terraform string, without ${…} and %{…}."""
    return double(value).replace("${", "$${").replace("%{", "%%{")


def bouncer(value: str) -> str:
    """A value in a connection string of PgBouncer, with doubled quotes."""
    return value if _PLAIN.fullmatch(value) else "'" + visible(value).replace("'", "''") + "'"


def doubled(value: str) -> str:
    """A name in pg_hba.conf or PgBouncer's userlist.txt: in double quotes, with inner ones doubled."""
    return '"' + visible(value).replace('"', '""') + '"'


def hba(value: str) -> str:
    """A name in pg_hba.conf, without quotes where possible; in quotes, words such as ``all`` have no
    special meaning.
    """
    return value if _PLAIN.fullmatch(value) and value not in ("all", "sameuser", "replication") else doubled(value)


def pgpass(value: str) -> str:
    """A field of .pgpass, with colons and backslashes escaped."""
    return visible(value).replace("\\", "\\\\").replace(":", "\\:")


def properties(value: str) -> str:
    """A value of a Java properties file."""
    text = visible(value).replace("\\", "\\\\")
    return "\\" + text if text.startswith((" ", "#", "!")) else text


def section(value: str) -> str:
    """A key in PgBouncer's [databases] or [users], without quotes where possible, since not every release reads quotes
    there.
    """
    return value if _KEY.fullmatch(value) else doubled(value)


def console(value: str) -> str:
    """A name in a command on PgBouncer's console, where a hyphen ends a word."""
    return value if _WORD.fullmatch(value) else doubled(value)


def shell(value: str) -> str:
    """A word of a shell."""
    return shlex.quote(visible(value))


def line(value: str) -> str:
    """The rest of a line as it is: service files have no quotes."""
    return visible(value)


FILTERS: dict[str, Callable[[str], str]] = {
    f"as_{function.__name__}": function
    for function in (url, double, python, ruby, hcl, bouncer, doubled, hba, pgpass, properties, section, shell, line)
}
