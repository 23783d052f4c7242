"""The result of ``who``: who did what, with which outcome, and by which source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from flatsplit.trail.acts import Act, Kind

Outcome: TypeAlias = Literal["done", "refused", "failed", "rolled back", "maybe rolled back"]
"""``refused``: a privilege was missing; ``failed``: for another reason; ``maybe rolled back``: it ran, and it is not
known whether its transaction committed.
"""

Judgement: TypeAlias = Literal["legitimate", "person", "suspicious", "look"]

JUDGEMENTS: tuple[Judgement, ...] = ("suspicious", "look", "person", "legitimate")
"""The worst first."""


@dataclass(slots=True)
class Deed:
    """One act of one login."""

    at: str
    """ISO 8601 in UTC where the time zone is known, otherwise as in the source; "" where the time is not known."""
    login: str
    """"" where the source does not have it."""
    acting_as: str
    application: str
    """What the client called itself, which may be anything."""
    client: str
    act: str
    object: str
    kind: Kind
    statement: str
    outcome: Outcome
    source: str
    judgement: Judgement = "look"
    why: str = ""
    """The reason for the judgement."""
    doubtful: bool = False
    """Whether it was read from a line with a text in it that imitates the log."""
    database: str = ""
    calls: int = 1
    session: str = ""
    """The session id or process id, as in the log."""

    @property
    def pid(self) -> int | None:
        """The server process; None where the log does not have it. A session id is its start and its process in hex."""
        _, dot, last = self.session.rpartition(".")
        try:
            return int(last, 16 if dot else 10)
        except ValueError:
            return None

    @classmethod
    def of(
        cls,
        act: Act,
        outcome: Outcome,
        source: str,
        *,
        at: str = "",
        login: str = "",
        acting_as: str = "",
        application: str = "",
        client: str = "",
    ) -> Deed:
        """An act of which little else is known yet."""
        return cls(at, login, acting_as, application, client, act.word, act.object, act.kind, act.text, outcome, source)


@dataclass(slots=True)
class Source:
    """A source that was read."""

    name: str
    kind: str
    """``server log (csvlog)``, ``pg_stat_statements``, ``journal``."""
    begins: str = ""
    ends: str = ""
    """Up to when it reaches; "" where that is not known."""


@dataclass(slots=True)
class Trail:
    """The answer."""

    sources: list[Source] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What it cannot tell."""
    database: str = ""
    """The database that was asked about; "" with logs alone."""

    @property
    def suspicious(self) -> bool:
        """Whether a deed is suspicious."""
        return any(deed.judgement == "suspicious" for deed in self.deeds)
