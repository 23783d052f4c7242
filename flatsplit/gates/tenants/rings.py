"""The progress of the rings: which tenants of each have been seen working as their own role, and since when.

``observe`` records a tenant once, when it is first seen. Tenants that are held back do not count.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import psycopg

from flatsplit.gates.gate import Asked
from flatsplit.journal import Journal
from flatsplit.server.counters import read_counters
from flatsplit.server.sessions import read_sessions, server_clock
from flatsplit.tenants.rings import rings
from flatsplit.walks import tenants
from flatsplit.walks.tenants.context import Context

CAME: Final = "tenants-came"
"""Kind of the journal event that says which tenants were seen for the first time."""
GONE: Final = "tenants-held"
"""Kind of the journal event that says which tenants were held back."""


class Ring(NamedTuple):
    """The progress of one ring."""

    number: int
    of: int
    roles: tuple[str, ...]
    """The roles of its tenants, without those held back."""
    held: int
    """How many of its tenants are held back."""
    seen: Mapping[str, datetime]
    """The roles that have been seen at work, each with the time when it was first noticed."""

    @property
    def since(self) -> datetime | None:
        """When the first of its tenants was seen; None before."""
        return min(self.seen.values(), default=None)


def progress(asked: Asked[Context]) -> list[Ring]:
    """Every ring that has tenants, in their order. Tenants seen at work now count, also where nothing is recorded."""
    live, context = asked.context.live, asked.context
    role_of = {key: role for role, key in sorted(live.tenants.items(), reverse=True)}
    keys = sorted(role_of, key=lambda key: (len(key), key))
    driver = asked.session.driver
    now = server_clock(driver)
    came = {
        **dict.fromkeys(at_work(driver, asked.journal, live.tenants, live.target.database), now),
        **known(asked.journal),
    }
    places = [ring for ring in rings(context.tenants, keys) if ring]
    found = []
    for number, ring in enumerate(places, start=1):
        roles = tuple(role_of[key] for key in ring if role_of[key] not in context.held)
        seen = {role: came[role] for role in roles if role in came}
        found.append(Ring(number, len(places), roles, len(ring) - len(roles), seen))
    return found


def known(journal: Journal) -> dict[str, datetime]:
    """When each tenant's role was first noticed, by the journal.

    Only since it was last held back, and since ``tenant-login`` was last rolled back.
    """
    back = max((event.at for event in journal.events("rolled_back", tenants.TENANT_LOGIN)), default=None)
    gone = departed(journal)
    found: dict[str, datetime] = {}
    for event in journal.events(CAME):
        for role in event.details["roles"]:
            last = max((at for at in (back, gone.get(role)) if at is not None), default=None)
            if last is None or event.at > last:
                found.setdefault(role, event.at)
    return found


def departed(journal: Journal) -> dict[str, datetime]:
    """When each tenant's role was last held back, by the journal."""
    return {role: event.at for event in journal.events(GONE) for role in event.details["roles"]}


def at_work(conn: psycopg.Connection[Any], journal: Journal, roles: Collection[str], database: str) -> set[str]:
    """Which of these roles have a session in the database, or a statement counted in pg_stat_statements.

    The counters do not say when a statement ran, so they are ignored for a role that was held back at any time.
    """
    if not roles:
        return set()
    acting = {role: (role,) for role in roles}
    there = {one.role for one in read_sessions(conn, acting, "") if one.database == database} & acting.keys()
    counted = {one.role for one in read_counters(conn, acting) if one.calls}
    return there | (counted - departed(journal).keys())


def soak(context: Context) -> timedelta:
    """How long a ring has to rest before the next one's turn: [tenants] soak, or else the one of all gates."""
    return context.config.gates.soak if context.tenants.soak is None else context.tenants.soak
