"""``observe``: looks at the server once and records what it sees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flatsplit.catalog import read_people
from flatsplit.cutover.clients import acting, connected
from flatsplit.cutover.needs_of_roles import gather
from flatsplit.cutover.reconnections import record_reconnections
from flatsplit.cutover.role_names import refuse_renamed, renamed_at_a_glance
from flatsplit.cutover.tenant_arrivals import record_arrivals
from flatsplit.evidence.coverage import still
from flatsplit.journal import Journal
from flatsplit.model import Backend
from flatsplit.server.counters import growth, read_counters
from flatsplit.walks.leave.preconditions import team

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


@dataclass(frozen=True, slots=True)
class Observed:
    """What ``observe`` saw."""

    at: datetime
    sessions: tuple[Backend, ...]
    growth: tuple[tuple[str, int | None], ...]
    """Statements of each role since the last look; None where that cannot be known, empty where nothing counts them."""
    tenants: int = 0
    """How many tenants are at work, while the walk waits for them to come."""


def observe(walk: Walk) -> Observed:
    """Record who is connected as legacy or a new role, and how many statements each has run since the last look.

    A session of a member is recorded under the role it acts as, since logins come and go. Where a gate asks when a role
    last logged in itself, the login is recorded too.
    """
    walk.recognise()
    session, journal, config = walk.session, walk.journal, walk.config
    people = read_people(session.driver)
    watched = {*config.watched, *(record.walk.subject for record in walk.kept)} - {""}
    watched |= {login for name, _ in config.people for login in team(people, name)}
    # That nobody sees a role under its former name would be taken for evidence
    refuse_renamed(renamed_at_a_glance(session, config, people))
    clients = connected(session, config, people, watched)
    counters = read_counters(session.driver, acting(config, people))
    with session.transaction():
        before = journal.last_counters()
        grown = [(one, growth(before.get(one.role), one)) for one in counters]
        at = journal.observe(clients, logins=watched)
        journal.count_calls(at, [(one.role, one.calls, more, one.epoch) for one, more in grown])
        _sum_up(journal, config.legacy_role)
        record_reconnections(walk)
        tenants = record_arrivals(walk, people)
        journal.thin_recorded(config.trail.keep)
    if config.special:
        gather(walk, people)
    return Observed(at, clients, tuple((one.role, more) for one, more in grown), tenants)


def _sum_up(journal: Journal, legacy: str) -> None:
    """Sum up old days in a few rows. A time without a look is no hole where legacy's counter did not move in it."""
    counters = None

    def quiet(begin: datetime, end: datetime) -> bool:
        nonlocal counters
        if counters is None:
            counters = journal.counters(legacy)
        return still(counters, begin, end)

    journal.sum_up_observations(quiet)
