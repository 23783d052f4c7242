"""Who has logged in as these very roles; as whom a session acts does not count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flatsplit.connection import APPLICATION_NAME
from flatsplit.evidence.coverage import coverage
from flatsplit.gates.gate import Asked
from flatsplit.gates.quiet import Quiet
from flatsplit.model import Backend, GateKey, GateResult
from flatsplit.server.sessions import looks_pooled, read_sessions, server_clock


def clients(asked: Asked[Any], roles: Sequence[str]) -> tuple[Backend, ...]:
    """Sessions of these logins in any database, without those in which flatsplit tries what they can do."""
    found = read_sessions(asked.session.driver, {role: (role,) for role in roles}, "")
    return tuple(one for one in found if one.role in roles and one.application != APPLICATION_NAME)


def here(asked: Asked[Any], roles: Sequence[str]) -> tuple[Backend, ...]:
    """Those in this database."""
    return tuple(one for one in clients(asked, roles) if one.database == asked.state.target.database)


def quiet(asked: Asked[Any], roles: Sequence[str], started: datetime) -> Quiet:
    """How long nobody has logged in as one of these roles, since ``started``. There is at least one role.

    By looks alone: the server counts statements of logins that act as a group for the group.
    """
    now, database = server_clock(asked.session.driver), asked.state.target.database
    seen = [(at, role) for role in roles if (at := asked.journal.last_login(role, database)) and at >= started]
    since, role = max(seen, default=(started, roles[0]))
    looks = asked.journal.look_times(since)
    return Quiet(role, since, bool(seen), coverage(since, now, looks, asked.config.gates.largest_hole))


def left(key: GateKey, found: Sequence[Backend], asked: Asked[Any]) -> GateResult:
    """A closed gate that names the first of these sessions. There is at least one."""
    first, number = found[0], len(found)
    name = first.application or "no application_name"
    pooled = ", all idle, as a pool keeps them" if all(map(looks_pooled, found)) else ""
    others = sorted({one.role for one in found} - {first.role})
    more = f" (and of {', '.join(others)})" if others else ""
    coming = asked.does.comes(asked.context)
    return GateResult(
        key,
        False,
        f"{number} session{'' if number == 1 else 's'} of {first.role} itself{more}: {name} from "
        f"{first.client}{pooled}",
        f"let them log in as {coming[0] if coming else 'another role'}; an idle connection of a pool goes with RELOAD "
        "or a restart of the pool",
    )
