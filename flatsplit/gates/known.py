"""known: every user of the role has logged in again since its password changed, and so knows the new one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg

from flatsplit import ddl
from flatsplit.connection import APPLICATION_NAME
from flatsplit.gates.gate import Asked, Gate
from flatsplit.journal import Journal
from flatsplit.model import HIDDEN_ADDRESS, Backend, GateResult
from flatsplit.server.sessions import read_sessions, server_clock
from flatsplit.trail.logins import FailedLogin, FailedLogins, failed_logins, told
from flatsplit.walks import rotate
from flatsplit.walks.rotate.context import Context
from flatsplit.words import listed

EVENT = "reconnected"
"""The kind of event: clients were seen in a session that began after the change."""
BEFORE = timedelta(days=7)
"""Clients that were seen in this time before the change are expected again."""

Client = tuple[str, str]
"""(application, address)."""


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with those who have not. A client that nobody has seen cannot be waited for, and the result says so."""
    context, change = asked.context, asked.records[rotate.CHANGE]
    since = change.finished_at or server_clock(asked.session.driver)
    begun = change.started_at or since
    before = set(asked.journal.clients(context.role, begun - BEFORE, since))
    there = sessions(asked.session.driver, context.role)
    before |= {client_of(one) for one in there}
    again = known(asked.journal) | {client_of(one) for one in there if began_after(one, since)}
    # May well be the same client
    before -= {(name, HIDDEN_ADDRESS) for name, client in before if client != HIDDEN_ADDRESS}
    again |= {(name, HIDDEN_ADDRESS) for name, _ in again}
    missing = sorted(one for one in before - again if one[0] != APPLICATION_NAME)
    failed = failed_logins(asked.session, context.role, since, asked.logs)
    later = came(asked.journal)
    refused = [one for one in failed.clients.values() if not _came_later(one, later, there)]
    turned_away = f"turned away with a password that is not the new one: {told(refused)}" if refused else ""
    if missing and any(not one.backend_start for one in there):
        operator = asked.state.target.operator
        return GateResult(
            "known",
            False,
            f"when sessions of {context.role} began is hidden from {operator}",
            f"GRANT pg_read_all_stats TO {ddl.ident(operator)};",
        )
    if missing:
        named = listed([f"{name or 'no application_name'} from {client}" for name, client in missing])
        return GateResult(
            "known",
            False,
            f"not seen with the new password of {context.role} yet: {named}" + (f"; {turned_away}" if refused else ""),
            "give it to them and reload their pools, and let `flatsplit observe` run while they are connected",
        )
    if refused:
        return GateResult(
            "known",
            False,
            f"still {turned_away}",
            f"give the new password of {context.role} to who connects from there; or waive this, where it is nobody's",
        )
    if not before:
        seen = f"nobody was seen as {context.role} before its password changed"
    else:
        who = "the only client" if len(before) == 1 else f"all {len(before)} clients"
        seen = f"{who} of {context.role} came again since its password changed"
    return gate(seen, failed, f"{asked.typed('next')} --log FILE")


def gate(seen: str, failed: FailedLogins, better: str) -> GateResult:
    """The open gate, with what its log tells and does not. After each refused login somebody was let in from the same
    address; whether it was the same client, no log tells. ``better``: what would tell where this log did not.
    """
    if failed.clients:
        unknown = "" in failed.clients
        return GateResult(
            "known",
            True,
            f"{seen}; turned away since: {failed}, and somebody was let in{'' if unknown else ' from there'} later",
            "look whether they are the same: one address may be many clients"
            + (", and log_line_prefix without %h tells no address" if unknown else ""),
            notice=True,
        )
    if failed.blind:
        since = f"nobody was turned away since {failed.begins}; " if failed.begins else ""
        reason = f"{seen}; {since}whether somebody was turned away is not known: {failed.blind}"
        return GateResult("known", True, reason, f"{better}: each failed login is somebody without it", notice=True)
    return GateResult("known", True, f"{seen}; nobody was turned away since {failed.begins}")


def _came_later(one: FailedLogin, came: Mapping[str, datetime], there: Sequence[Backend]) -> bool:
    """Whether a login from that address succeeded after the refused one; from any address, where none is known."""
    last = one.last
    if last is None:
        return False
    moments: Iterable[datetime] = came.values() if not one.client else [came[one.client]] if one.client in came else []
    if any(moment > last for moment in moments):
        return True
    return any(one.client in ("", session.client) and began_after(session, last) for session in there)


def sessions(driver: psycopg.Connection[Any], role: str) -> tuple[Backend, ...]:
    """Sessions of the role itself in all databases, without flatsplit's own."""
    found = read_sessions(driver, {role: (role,)}, "")
    return tuple(one for one in found if one.role == role and one.application != APPLICATION_NAME)


def client_of(session: Backend) -> Client:
    """What a client is recognised by."""
    return (session.application, session.client)


def began_after(session: Backend, moment: datetime) -> bool:
    """Whether the session has logged in since."""
    return bool(session.backend_start) and began(session) > moment


def began(session: Backend) -> datetime:
    """When it logged in. Raises ValueError where that is hidden, and ``backend_start`` is "" for that."""
    return datetime.fromisoformat(session.backend_start)


def came(journal: Journal) -> dict[str, datetime]:
    """Addresses from which a client has logged in again, with when: by the start of a session, or as recorded."""
    moments: dict[str, datetime] = {}
    for event in journal.events(EVENT):
        moments |= {client: event.at for _, client in event.details["clients"]}
        starts = event.details.get("began", {})
        moments |= {client: datetime.fromisoformat(start) for client, start in starts.items()}
    return moments


def known(journal: Journal) -> set[Client]:
    """Clients that the journal has recorded."""
    clients = (one for event in journal.events(EVENT) for one in event.details["clients"])
    return {(application, client) for application, client in clients}


GATE = Gate("known", judge, "every client that used the role has connected again since its password changed")
