"""Names as the configuration files of other programs want them: by each file's own rules, no name ends a string."""

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
    """A part of a connection URI: everything but letters, digits and ``-._~`` as %XX."""
    return quote(value, safe="")


def double(value: str) -> str:
    """A string of JSON, which YAML and Python read too."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)


def python(value: str) -> str:
    """A string of Python, which does not know JSON's pairs of surrogates."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else repr(value)


def ruby(value: str) -> str:
    """A single-quoted string of Ruby, which interpolates nothing."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def hcl(value: str) -> str:
    """A string of Terraform, without its ${…} and %{…}."""
    return double(value).replace("${", "$${").replace("%{", "%%{")


def bouncer(value: str) -> str:
    """A value of a connection string of PgBouncer, which doubles quotes."""
    return value if _PLAIN.fullmatch(value) else "'" + visible(value).replace("'", "''") + "'"


def doubled(value: str) -> str:
    """A name of pg_hba.conf or of PgBouncer's userlist.txt: in double quotes, inner ones doubled."""
    return '"' + visible(value).replace('"', '""') + '"'


def hba(value: str) -> str:
    """A name of pg_hba.conf, bare where it may be; quotes also take the meaning from words such as ``all``."""
    return value if _PLAIN.fullmatch(value) and value not in ("all", "sameuser", "replication") else doubled(value)


def pgpass(value: str) -> str:
    """A field of .pgpass, where a colon and a backslash are escaped."""
    return visible(value).replace("\\", "\\\\").replace(":", "\\:")


def properties(value: str) -> str:
    """A value of a Java properties file."""
    text = visible(value).replace("\\", "\\\\")
    return "\\" + text if text.startswith((" ", "#", "!")) else text


def section(value: str) -> str:
    """A key of PgBouncer's [databases] or [users], bare where it may be: not every release reads one in quotes."""
    return value if _KEY.fullmatch(value) else doubled(value)


def console(value: str) -> str:
    """A name in a command on PgBouncer's console, where a hyphen is part of no word."""
    return value if _WORD.fullmatch(value) else doubled(value)


def shell(value: str) -> str:
    """A word of a shell."""
    return shlex.quote(visible(value))


def line(value: str) -> str:
    """The rest of a line, as it is: service files quote nothing."""
    return visible(value)


FILTERS: dict[str, Callable[[str], str]] = {
    f"as_{function.__name__}": function
    for function in (url, double, python, ruby, hcl, bouncer, doubled, hba, pgpass, properties, section, shell, line)
}
