"""What a runbook tells beyond the plans: what happened, who was seen, what was approved, how fast it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple


class Approved(NamedTuple):
    """An approval on record."""

    step: str
    digest: str
    by: str
    """"" where only the digest was given."""
    ticket: str
    at: datetime
    recorded_by: str


class StepPast(NamedTuple):
    """What happened to one step so far: the audit's half of a runbook."""

    started_at: datetime | None = None
    finished_at: datetime | None = None
    by_hand: bool = False
    statements: int = 0
    """That ran, or were found done, and have not been taken back."""
    took: timedelta | None = None
    """From its beginning to its end, waiting included."""
    who: tuple[str, ...] = ()
    digest: str = ""
    """Of the plan that was carried out last."""
    waits: tuple[tuple[datetime, str], ...] = ()
    """When it had to stop and wait, and for what."""
    resumed: int = 0
    """How often it was taken up again after an interruption."""
    rolled_back: int = 0


class Event(NamedTuple):
    """One line of the story."""

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
    """The most at once."""
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
    """Of the password of one role that logs in."""

    role: str
    at: datetime | None
    """When flatsplit set it; None where somebody else did."""
    by: str
    """Who, as far as it is known; "" where somebody else did."""
    walk: str
    """In which walk."""
    age: timedelta | None
    old: bool
    """Older than ``max_age`` of [rotation]."""


class Place(NamedTuple):
    """Where clients connect to, and how many may."""

    host: str = "HOST"
    """As the operator connects; HOST where that is a socket, which tells clients nothing."""
    port: int = 5432
    max_connections: int = 100
    reserved: int = 3
    """Connections kept for superusers and the like."""
    legacy_limit: int = -1
    """CONNECTION LIMIT of the old role; -1 for none."""


class Rate(NamedTuple):
    """How many facts a second are changed."""

    facts: float = 1000.0
    measured: bool = False
    """On this database, by steps that were taken; else an assumption on the careful side."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a runbook knows besides plans and rights."""

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
    """Earlier events that are not among them."""
    clients: tuple[SeenClient, ...] = ()
    observed: int = 0
    """How often somebody looked."""
    rehearsed: tuple[Rehearsed, ...] = ()
    approvals: tuple[Approved, ...] = ()
    ages: tuple[PasswordAge, ...] = ()
    """Of passwords."""
    place: Place = field(default_factory=Place)
    rate: Rate = field(default_factory=Rate)
