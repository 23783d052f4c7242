"""Rows of the journal as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeAlias

from flatsplit.model import WalkName, versions

CutoverState: TypeAlias = Literal["active", "complete", "rolled_back"]
Direction: TypeAlias = Literal["forward", "catch-up", "back", "repair", "by-hand"]


class CutoverRecord(NamedTuple):
    """A walk as ``init`` or ``begin`` began it."""

    id: int
    name: str
    legacy_role: str
    legacy_oid: int
    database_oid: int
    system_identifier: str
    """"" where it could not be read."""
    config: str
    """flatsplit.toml as it was when it began."""
    state: CutoverState
    created_at: datetime
    created_by: str
    tool_version: str
    finished_at: datetime | None
    kind: str = "split"
    subject: str = ""

    @property
    def walk(self) -> WalkName:
        """Its name."""
        return WalkName(self.kind, self.subject)


class ActionRecord(NamedTuple):
    """One statement that ran."""

    id: int
    step: str
    ordinal: int
    direction: Direction
    description: str
    sql: str
    undo: str
    lock: str
    at: datetime
    """When it was applied."""
    undone_at: datetime | None
    note: str | None
    walk: str = "split"


class TallyRecord(NamedTuple):
    """How much was done for one step."""

    step: str
    statements: int
    facts: int
    first: datetime
    last: datetime


class PasswordRecord(NamedTuple):
    """A statement that set a password; the secret itself is a variable in it."""

    sql: str
    at: datetime
    walk: str
    by: str
    """Who ran it; "" where that is not known."""


class EventRecord(NamedTuple):
    """Who did what, when and why."""

    id: int
    at: datetime
    kind: str
    step: str | None
    message: str
    details: Mapping[str, Any]
    db_user: str
    os_user: str
    client_addr: str
    """"" for a local socket."""
    os_host: str
    tool_version: str
    walk: str = ""
    """The walk it belongs to; "" where none had begun."""


class ObservationRecord(NamedTuple):
    """Equal sessions at one moment."""

    at: datetime
    role: str
    database: str
    client: str
    application: str
    state: str
    sessions: int
    source: str


class CounterRecord(NamedTuple):
    """How many statements a role had run at one moment."""

    at: datetime
    role: str
    calls: int
    growth: int | None
    """How many more than at the look before; None where the two cannot be compared."""
    epoch: str
    """The same for counters that can be compared."""


class LookRecord(NamedTuple):
    """A look at one moment; for a sum, several looks from ``at`` until ``until``."""

    at: datetime
    until: datetime
    hole: timedelta
    """The longest time without evidence inside the sum."""


class SnapshotRecord(NamedTuple):
    """The State at the end of a step."""

    at: datetime
    step: str | None
    server: Mapping[str, Any]
    roles: Mapping[str, Any]
    objects: Mapping[str, Any]

    @property
    def major(self) -> int:
        """The major version of the server at that time."""
        return versions.major_of(self.server["version"])
