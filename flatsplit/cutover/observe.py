"""``observe``: one look at the server, written down; and ``watch``, the same without writing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flatsplit import evidence, membership
from flatsplit.catalog import read_people
from flatsplit.config import Config
from flatsplit.connection import APPLICATION_NAME, Session
from flatsplit.cutover.results import Look
from flatsplit.evidence.counters import growth, read_counters
from flatsplit.evidence.coverage import still
from flatsplit.journal import Journal
from flatsplit.model import Session as Client
from flatsplit.model import State


def observe(session: Session, journal: Journal, config: Config) -> Look:
    """Write down who is connected as legacy or a new role, and how much each has run since the last look.

    A member's session is written down as that of the role as which it acts: logins come and go.
    """
    people = read_people(session.driver)
    clients = connected(session, config, people)
    counters = read_counters(session.driver, acting(config, people))
    with session.transaction():
        before = journal.last_counters()
        grown = [(one, growth(before.get(one.role), one)) for one in counters]
        at = journal.observe(clients)
        journal.count_calls(at, [(one.role, one.calls, more, one.epoch) for one, more in grown])
        _sum_up(journal, config.legacy_role)
    return Look(at, clients, tuple((one.role, more) for one, more in grown))


def acting(config: Config, people: State) -> Mapping[str, tuple[str, ...]]:
    """Who acts as legacy or a new role, and as which."""
    return membership.attributed(people, config.legacy_role, config.roles.new, config.owners or ())


def connected(session: Session, config: Config, people: State | None = None) -> tuple[Client, ...]:
    """Sessions that act as legacy or a new role, without those by which flatsplit itself tries what a new role can.

    ``people``: roles and memberships, where they were read a moment ago.
    """
    legacy = config.legacy_role
    found = evidence.read_sessions(session.driver, acting(config, people or read_people(session.driver)), legacy)
    return tuple(client for client in found if legacy in client.acts_as or client.application != APPLICATION_NAME)


def _sum_up(journal: Journal, legacy: str) -> None:
    """Old days in a few rows; times without a look over which legacy's counter stood still are no holes."""
    counters = None

    def quiet(begin: datetime, end: datetime) -> bool:
        nonlocal counters
        if counters is None:
            counters = journal.counters(legacy)
        return still(counters, begin, end)

    journal.sum_up_observations(quiet)
