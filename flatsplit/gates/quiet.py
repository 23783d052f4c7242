"""How long legacy has been quiet, as far as that was watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flatsplit.config import format_duration
from flatsplit.connection import Session
from flatsplit.evidence.coverage import Coverage, coverage
from flatsplit.gates.gate import Asked
from flatsplit.gates.sessions import acting
from flatsplit.journal import CounterRecord, Journal
from flatsplit.model import GateKey, GateResult
from flatsplit.server.counters import growth, read_counters
from flatsplit.server.sessions import server_clock
from flatsplit.walks.split.context import Context
from flatsplit.words import span

LOOK = "let `flatsplit observe` run every few minutes (cron or a systemd timer)"


@dataclass(frozen=True, slots=True)
class Quiet:
    """Since when legacy has been quiet, and how much of that time was watched."""

    role: str
    since: datetime
    seen: bool
    """Whether ``since`` is when it was last seen or active; otherwise it is when the time began to count."""
    coverage: Coverage


def quiet(
    session: Session,
    journal: Journal,
    role: str,
    acting: Mapping[str, tuple[str, ...]],
    database: str,
    started: datetime,
    largest: timedelta,
) -> Quiet:
    """What the observations and the statement counters say. This moment counts as a look.

    ``acting``: every role that acts as another one, with the roles it acts as; members of ``role`` are among them.
    """
    now = server_clock(session.driver)
    counters = journal.counters(role, started)
    mine = {login: (role,) for login, roles in acting.items() if role in roles}
    live = next(iter(read_counters(session.driver, mine)), None)
    active = journal.last_active(role)
    if live is not None:
        before = (counters[-1].calls, counters[-1].epoch) if counters else None
        counters.append(CounterRecord(now, role, live.calls, growth(before, live), live.epoch))
        active = now if (counters[-1].growth or 0) > 0 else active
    last = max((moment for moment in (journal.last_seen(role, database), active) if moment), default=None)
    seen = last is not None and last >= started
    since = max(started, last) if last is not None else started
    looks = journal.look_times(since)
    return Quiet(role, since, seen, coverage(since, now, looks, largest, counters))


def of_legacy(asked: Asked[Context], started: datetime) -> Quiet:
    """How long legacy has been quiet, counted from ``started`` on."""
    gates, database = asked.context.config.gates, asked.state.target.database
    legacy, mine = asked.context.legacy, acting(asked)
    return quiet(asked.session, asked.journal, legacy, mine, database, started, gates.largest_hole)


def since_begun(key: GateKey, asked: Asked[Any], found: Quiet, wanted: timedelta) -> GateResult:
    """Open when enough of the quiet time since the step began was watched; where it has not begun, the time does not
    run, and the command that begins it is named.
    """
    if asked.has_begun or wanted <= timedelta():
        return gate(key, found, wanted, f"{asked.step} begun")
    return GateResult(
        key,
        False,
        f"{asked.step} has not begun, and {format_duration(wanted)} are required from then on",
        f"`{asked.typed('next')}` begins it and waits; {LOOK}",
    )


def gate(key: GateKey, found: Quiet, wanted: timedelta, what: str) -> GateResult:
    """Open when enough of the quiet time was watched. ``what``: the event at ``found.since``, where legacy was not
    seen.
    """
    cover = found.coverage
    passed = cover.now - found.since
    begun = f"{found.role} last seen" if found.seen else what
    text = f"{begun} {span(passed.total_seconds())} ago"
    if cover.holes:
        begin, end = cover.holes[-1]
        more = f" and {len(cover.holes) - 1} earlier" if cover.holes[1:] else ""
        until = "now" if cover.open_hole else f"{end:%Y-%m-%d %H:%M}"
        text += (
            f", {span(cover.covered.total_seconds())} of it watched: "
            f"nobody looked from {begin:%Y-%m-%d %H:%M} to {until} (UTC){more}"
        )
    if cover.covered >= wanted:
        return GateResult(key, True, text)
    rest = f"call again in {span((wanted - cover.covered).total_seconds() + 1)} or later"
    fix = f"{LOOK}; {rest}" if cover.open_hole else f"{rest}; {LOOK}"
    return GateResult(key, False, f"{text}; {format_duration(wanted)} are required", fix)


def elapsed(key: GateKey, wanted: timedelta, passed: timedelta, what: str) -> GateResult:
    """Open when this time has passed since ``what``, whoever was connected meanwhile."""
    text = f"{what} {span(passed.total_seconds())} ago"
    if passed >= wanted:
        return GateResult(key, True, text)
    return GateResult(
        key,
        False,
        f"{text}; {format_duration(wanted)} are required",
        f"call again in {span((wanted - passed).total_seconds() + 1)} or later",
    )
