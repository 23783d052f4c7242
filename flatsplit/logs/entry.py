"""What one entry of a server log says, whatever format it is written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Entry:
    """One message of the server with all that belongs to it. "" for what the format, or the prefix, does not say."""

    at: str = ""
    """As it is written."""
    user: str = ""
    """Who logged in, whatever role the session acted as."""
    database: str = ""
    client: str = ""
    """Address, or ``local``."""
    application: str = ""
    """What the client says it is."""
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
    """The command that was running."""
    vxid: str = ""
    """Virtual transaction; ``n/0`` for none."""
    other: Entry | None = None
    """How the line can be read as well: something in it imitates the prefix."""

    def tells(self, other: Entry) -> bool:
        """Whether both tell of the same message by the same person."""
        mine, its = ((e.user, e.client, e.severity, e.sqlstate, e.message) for e in (self, other))
        return mine == its

    def readings(self) -> tuple[Entry, ...]:
        """Every way to read it."""
        return (self,) if self.other is None else (self, self.other)


def client_of(text: str) -> str:
    """An address without its port: ``10.0.0.5:51234``, ``10.0.0.5(51234)``, ``::1:5432``, ``[local]``."""
    if text in ("[local]", "local"):
        return "local"
    if text.endswith(")"):
        return text.rpartition("(")[0]
    return text


def text_of(value: Any) -> str:
    """A value of a JSON row as text, that can be written down: JSON can name half a character, UTF-8 cannot."""
    return "" if value is None else str(value).encode("utf-8", "replace").decode()
