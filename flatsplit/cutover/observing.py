"""``observe``: one look at the server, written down; and ``watch``, the same without writing."""

from __future__ import annotations

from datetime import datetime

from flatsplit import evidence
from flatsplit.config import Config
from flatsplit.connection import APPLICATION_NAME, Session
from flatsplit.cutover.results import Look
from flatsplit.evidence.counters import growth, read_counters
from flatsplit.evidence.coverage import still
from flatsplit.journal import Journal
from flatsplit.model import Session as Client


def observe(session: Session, journal: Journal, config: Config) -> Look:
    """Write down who is connected as legacy or a new role, and how much each has run since the last look."""
    roles = [config.legacy_role, *config.roles.new]
    clients = connected(session, config)
    counters = read_counters(session.driver, roles)
    with session.transaction():
        before = journal.last_counters()
        grown = [(one, growth(before.get(one.role), one)) for one in counters]
        at = journal.observe(clients)
        journal.count_calls(at, [(one.role, one.calls, more, one.epoch) for one, more in grown])
        _sum_up(journal, config.legacy_role)
    return Look(at, clients, tuple((one.role, more) for one, more in grown))


def connected(session: Session, config: Config) -> tuple[Client, ...]:
    """Sessions of legacy and the new roles, without those by which flatsplit itself tries what a new role can."""
    roles = [config.legacy_role, *config.roles.new]
    return tuple(
        client
        for client in evidence.read_sessions(session.driver, roles)
        if client.role == config.legacy_role or client.application != APPLICATION_NAME
    )


def _sum_up(journal: Journal, legacy: str) -> None:
    """Old days in a few rows; times without a look over which legacy's counter stood still are no holes."""
    counters = None

    def quiet(begin: datetime, end: datetime) -> bool:
        nonlocal counters
        if counters is None:
            counters = journal.counters(legacy)
        return still(counters, begin, end)

    journal.sum_up_observations(quiet)
