"""What a runbook tells besides the plans: what happened, who was seen, what was approved, and how fast it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple


class Approved(NamedTuple):
    """An approval in the journal."""

    step: str
    digest: str
    by: str
    """"" where only the digest was given."""
    ticket: str
    at: datetime
    recorded_by: str


class StepPast(NamedTuple):
    """What has happened to one step so far, for auditors."""

    started_at: datetime | None = None
    finished_at: datetime | None = None
    by_hand: bool = False
    statements: int = 0
    """Statements that ran, or were found done, and were not rolled back."""
    took: timedelta | None = None
    """The time from its beginning to its end, waiting included."""
    who: tuple[str, ...] = ()
    digest: str = ""
    """The digest of the plan that ran last."""
    waits: tuple[tuple[datetime, str], ...] = ()
    """When it had to wait, and for what."""
    resumed: int = 0
    """How often it was resumed after an interruption."""
    rolled_back: int = 0


class Event(NamedTuple):
    """One event of the journal."""

    at: datetime
    kind: str
    step: str
    message: str
    who: str


class SeenClient(NamedTuple):
    """Connections that look the same, over all looks."""

    role: str
    database: str
    client: str
    application: str
    sessions: int
    """The highest number at one time."""
    last: datetime | None = None
    """None: connected at this moment."""


class Rehearsed(NamedTuple):
    """The last rehearsal as one role."""

    role: str
    at: datetime
    source: str
    basis: str
    summary: Mapping[str, int]
    ok: bool


class PasswordAge(NamedTuple):
    """The age of one role's password."""

    role: str
    at: datetime | None
    """When flatsplit set it; None where somebody else did."""
    by: str
    """Who set it, as far as known; "" where somebody else did."""
    walk: str
    """The walk in which it was set."""
    age: timedelta | None
    old: bool
    """Whether it is older than ``max_age`` of [rotation]."""
    change: str = ""
    """The command that gives the role another one."""


class Place(NamedTuple):
    """Where clients connect to, and how many may."""

    host: str = "HOST"
    """The host that the operator uses; HOST for a socket, which is of no use to clients."""
    port: int = 5432
    max_connections: int = 100
    reserved: int = 3
    """Connections kept for superusers and the like."""
    legacy_limit: int = -1
    """CONNECTION LIMIT of the old role; -1 for none."""


class Rate(NamedTuple):
    """How many facts are changed per second."""

    facts: float = 1000.0
    measured: bool = False
    """Whether it was measured in this database, by steps that were taken; otherwise a cautious assumption."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that a runbook needs besides plans and rights."""

    at: datetime | None = None
    """By the server's clock."""
    begun_at: datetime | None = None
    begun_by: str = ""
    state: str = "active"
    """Of the cutover: active, complete or rolled_back."""
    past: Mapping[str, StepPast] = field(default_factory=dict)
    """By step."""
    story: tuple[Event, ...] = ()
    story_left_out: int = 0
    """The number of earlier events that are left out."""
    clients: tuple[SeenClient, ...] = ()
    observed: int = 0
    """The number of looks."""
    rehearsed: tuple[Rehearsed, ...] = ()
    approvals: tuple[Approved, ...] = ()
    ages: tuple[PasswordAge, ...] = ()
    """Of passwords."""
    place: Place = field(default_factory=Place)
    rate: Rate = field(default_factory=Rate)
