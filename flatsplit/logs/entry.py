"""One entry of a server log, in any format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Entry:
    """One message of the server with all its parts. A field is "" where the format or the prefix lacks it."""

    at: str = ""
    """The time as it is written."""
    user: str = ""
    """The role that logged in, whatever role the session acted as."""
    database: str = ""
    client: str = ""
    """Address, or ``local``."""
    application: str = ""
    """What the client calls itself."""
    session: str = ""
    """Session id, else the process id."""
    severity: str = ""
    """In English: LOG, ERROR, …"""
    sqlstate: str = ""
    message: str = ""
    detail: str = ""
    context: str = ""
    statement: str = ""
    tag: str = ""
    """The tag of the command that was running."""
    vxid: str = ""
    """The virtual transaction; ``n/0`` for none."""
    other: Entry | None = None
    """Another reading of the line, where a text in it imitates the prefix."""

    def tells(self, other: Entry) -> bool:
        """Whether both readings are of the same message of the same login."""
        mine, its = ((e.user, e.client, e.severity, e.sqlstate, e.message) for e in (self, other))
        return mine == its

    def readings(self) -> tuple[Entry, ...]:
        """All readings."""
        return (self,) if self.other is None else (self, self.other)


def client_of(text: str) -> str:
    """An address without its port: ``10.0.0.5:51234``, ``10.0.0.5(51234)``, ``::1:5432``, ``[local]``."""
    if text in ("[local]", "local"):
        return "local"
    if text.endswith(")"):
        return text.rpartition("(")[0]
    return text


def text_of(value: Any) -> str:
    """A value of a JSON row as text that can be stored: JSON can contain half a surrogate pair, UTF-8 cannot."""
    return "" if value is None else str(value).encode("utf-8", "replace").decode()
