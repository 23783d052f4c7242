"""What comes out: who did what, with what outcome, and where that is known from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from flatsplit.trail.acts import Act, Kind

Outcome: TypeAlias = Literal["done", "refused", "failed", "rolled back", "maybe rolled back"]
"""``refused``: for want of a privilege; ``failed``: for another reason; ``maybe rolled back``: it ran, and nothing says
what became of its transaction."""

Judgement: TypeAlias = Literal["legitimate", "person", "suspicious", "look"]

JUDGEMENTS: tuple[Judgement, ...] = ("suspicious", "look", "person", "legitimate")
"""The worst first."""


@dataclass(slots=True)
class Deed:
    """One act of somebody."""

    at: str
    """ISO 8601 in UTC where the time zone is known, else as the source has it; "" for nobody knows when."""
    login: str
    """"" where the source does not say."""
    acting_as: str
    application: str
    """What the client called itself: anybody can call himself anything."""
    client: str
    act: str
    object: str
    kind: Kind
    statement: str
    outcome: Outcome
    source: str
    judgement: Judgement = "look"
    why: str = ""
    """Of the judgement."""
    doubtful: bool = False
    """Read from a line in which something imitates the log."""
    database: str = ""
    calls: int = 1
    session: str = ""
    """Session id or process id, as the log has it."""

    @property
    def pid(self) -> int | None:
        """The server's process; None where the log does not tell. A session id is its start and its process in hex."""
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
        """An act by somebody of whom little is known yet."""
        return cls(at, login, acting_as, application, client, act.word, act.object, act.kind, act.text, outcome, source)


@dataclass(slots=True)
class Source:
    """Something that was read."""

    name: str
    kind: str
    """``server log (csvlog)``, ``pg_stat_statements``, ``journal``."""
    begins: str = ""
    ends: str = ""
    """From when to when it tells; "" for nobody knows."""


@dataclass(slots=True)
class Trail:
    """The answer."""

    sources: list[Source] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What it cannot know."""
    database: str = ""
    """The one that was asked about; "" where only logs were."""

    @property
    def suspicious(self) -> bool:
        """Whether any of it is."""
        return any(deed.judgement == "suspicious" for deed in self.deeds)
