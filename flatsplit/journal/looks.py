"""What ``observe`` has recorded, whichever walk it was for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from flatsplit import model
from flatsplit.connection import Session
from flatsplit.journal import observations, recorded, retention
from flatsplit.journal.records import CounterRecord, LookRecord, ObservationRecord


class Looks:
    """Who was connected when, and what the server counted. Writes belong into the caller's
    ``session.transaction()``.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    def observe(
        self, sessions: Sequence[model.Backend], source: str = "activity", logins: Collection[str] = ()
    ) -> datetime:
        """Record who is connected now, equal sessions as one row; returns the moment by the server's clock.

        For sessions of the ``logins``, or that act as one of them, the login is recorded as well.
        """
        self.writing()
        return observations.observe(self.session, sessions, source, logins)

    def count_calls(self, at: datetime, counted: Sequence[tuple[str, int, int | None, str]]) -> None:
        """Record (role, calls, growth since the last look, epoch) at the moment of a look."""
        self.writing()
        observations.count_calls(self.session, at, counted)

    def last_counters(self) -> dict[str, tuple[int, str]]:
        """Calls and epoch of each role at the last look."""
        return observations.last_counters(self.session)

    def counters(self, role: str, since: datetime | None = None) -> list[CounterRecord]:
        """The statement counters of a role, oldest first."""
        return observations.counters(self.session, role, since)

    def look_times(self, since: datetime | None = None) -> list[LookRecord]:
        """When somebody looked, oldest first."""
        return observations.times(self.session, since)

    def sum_up_observations(self, still: retention.Still) -> int:
        """Replace looks that are days old by sums; returns how many rows were removed."""
        self.writing()
        return sum(retention.sum_up(self.session, day, still) for day in retention.days_to_sum_up(self.session))

    def thin_recorded(self, keep: timedelta) -> int:
        """Remove older rows of the recorder of structural changes, where the operator may; returns how many."""
        self.writing()
        return recorded.thin(self.session, keep)

    def last_active(self, role: str) -> datetime | None:
        """When the role's statement counter had last grown."""
        return observations.last_active(self.session, role)

    def last_login(self, role: str, database: str | None = None) -> datetime | None:
        """When a login as this very role was last observed; for groups and their logins."""
        return observations.last_login(self.session, role, database)

    def logins_elsewhere(self, role: str, database: str) -> list[tuple[str, datetime]]:
        """The other databases in which a login as this very role was observed, and when last; the latest first."""
        return observations.logins_elsewhere(self.session, role, database)

    def last_seen(self, role: str, database: str | None = None, but: Collection[str] = ()) -> datetime | None:
        """When a session of this role was last observed, in one database or in any, without these applications."""
        return observations.last_seen(self.session, role, database, but)

    def first_observed(self) -> datetime | None:
        """When somebody looked for the first time, whoever was there."""
        return observations.looks(self.session, None)[1]

    def last_observed(self) -> datetime | None:
        """When somebody looked for the last time."""
        return observations.looks(self.session, None)[2]

    def looks(self, since: datetime | None = None) -> int:
        """How often somebody looked."""
        return observations.looks(self.session, since)[0]

    def observations(self, role: str, since: datetime | None = None) -> list[ObservationRecord]:
        """Every time that sessions of this role were seen, oldest first."""
        return observations.of_role(self.session, role, since)

    def clients(self, role: str, since: datetime, until: datetime) -> list[tuple[str, str]]:
        """(application, address) of each client that was seen as this role in a time, sorted."""
        return observations.clients(self.session, role, since, until)

    def writing(self) -> None:
        """Raise RuntimeError outside a transaction: what is recorded commits together with what it is about."""
        if not self.session.in_transaction:
            raise RuntimeError("the journal is written inside session.transaction() only")
