"""rehearsed: the last rehearsals found nothing that speaks against the switch.

A bad result counts until a later rehearsal of the same source (the statistics, or a file) is better: the statement that
was found will fail again. A good one ages: the application runs new statements, and before ownership moved, the
rehearsal was made with other rights. A clean rehearsal that is too old counts as none.

Where there is none, ``[gates] rehearsal`` decides. ``advised`` lets the switch go on with a notice: a database without
pg_stat_statements may have nothing to rehearse, and a script that cuts over a new database has no old statements.
``required`` waits.

DDL does not close the gate. pg_stat_statements keeps every migration that ran as legacy since its last reset, and no
second rehearsal could change that, so the gate would stay closed. That the migration tool has moved is what ``seen``
waits for. Here the number of such statements is shown, so that somebody checks whether the application itself runs DDL.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flatsplit import blueprint
from flatsplit.config import Gates, format_duration
from flatsplit.gates.gate import Asked, Gate
from flatsplit.journal import Journal
from flatsplit.model import GateKey, GateResult
from flatsplit.rehearsal.sources.statistics import missing
from flatsplit.rehearsal.values import OUTCOMES
from flatsplit.server.sessions import server_clock
from flatsplit.walks import split
from flatsplit.walks.split.context import Context
from flatsplit.words import span

KEY: GateKey = "rehearsed"

EVENT = "rehearsed"
"""The kind of event that keeps a summary."""

CLOSING = ("denied", "silent")
"""Verdicts that close the gate."""


@dataclass(frozen=True, slots=True)
class Past:
    """A rehearsal in the journal."""

    at: datetime
    role: str
    source: str
    file: str
    """"" for pg_stat_statements."""
    summary: Mapping[str, int]

    @property
    def bad(self) -> int:
        """How many statements would fail, or silently do less."""
        return sum(self.summary.get(outcome, 0) for outcome in CLOSING)

    @property
    def command(self) -> str:
        """The command that repeats it."""
        return "flatsplit rehearse" + (f" --file {shlex.quote(self.file)}" if self.file else "")


def judge(asked: Asked[Context]) -> GateResult:
    """By the last rehearsals for app_user."""
    return gate(
        past(asked.journal),
        blueprint.application(asked.context.config),
        asked.records[split.TRANSFER_OWNERSHIP].finished_at,
        server_clock(asked.session.driver),
        asked.context.config.gates,
        missing(asked.session.driver),
    )


def past(journal: Journal) -> list[Past]:
    """The rehearsals in the journal, oldest first."""
    return [
        Past(event.at, details["role"], details["source"], details.get("file", ""), details["summary"])
        for event in journal.events(EVENT)
        if (details := event.details)
    ]


def gate(
    past: Sequence[Past],
    role: str,
    moved: datetime | None,
    now: datetime,
    config: Gates,
    missing: str,
    what: str = "ownership moved",
) -> GateResult:
    """The gate for ``role``. ``past``: oldest first. ``moved``: when the event ``what`` happened, before which a
    rehearsal does not count. ``missing``: why pg_stat_statements cannot be rehearsed, "" where it can.
    """
    if config.rehearsal == "off":
        return GateResult(KEY, True, 'left out: [gates] rehearsal = "off"')
    last = {bool(one.file): one for one in past if one.role == role}
    bad = [one for one in last.values() if one.bad]
    if bad:
        return GateResult(
            KEY,
            False,
            "; ".join(f"{_told(one, now)}: {_counts(one, *CLOSING)}" for one in bad),
            f"take the remedies that `{bad[0].command}` names, then run it again"
            + ("" if bad[0].file else "; what runs no more is counted until pg_stat_statements_reset()"),
        )
    stale = {one.at: why for one in last.values() if (why := _stale(one, moved, now, config, what))}
    good = [one for one in last.values() if one.at not in stale]
    if good:
        return GateResult(KEY, True, "; ".join(_good(one, now) for one in good))
    why = stale[max(stale)] if stale else f"nobody rehearsed as {role} what the old role ran"
    fix = "run `flatsplit rehearse`"
    if missing:
        why = f"{why}; {missing}"
        fix = "give flatsplit the application's statements or a server log: `flatsplit rehearse --file FILE`"
    return GateResult(KEY, config.rehearsal != "required", why, fix, notice=True)


def _told(one: Past, now: datetime) -> str:
    ago = span((now - one.at).total_seconds())
    number = sum(one.summary.values())
    return f"{number:,} statement{'' if number == 1 else 's'} rehearsed {ago} ago ({one.source})"


def _counts(one: Past, *outcomes: str) -> str:
    return ", ".join(f"{one.summary[outcome]:,} {outcome}" for outcome in outcomes if one.summary.get(outcome))


def _good(one: Past, now: datetime) -> str:
    told = f"{_told(one, now)}: {_counts(one, *OUTCOMES)}"
    migrator = one.summary.get("migrator")
    return f"{told}; the {migrator:,} of DDL have to come from the migration tool only" if migrator else told


def _stale(one: Past, moved: datetime | None, now: datetime, config: Gates, what: str) -> str:
    """Why a clean rehearsal does not count any more; "" where it does."""
    if moved is None or one.at < moved:
        return f"{_told(one, now)}, before {what}"
    if timedelta(0) < config.rehearsal_age < now - one.at:
        return f"{_told(one, now)}, longer than {format_duration(config.rehearsal_age)}"
    return ""


GATE = Gate(KEY, judge, "the last rehearsal is recent enough and found nothing that would be refused or see fewer rows")
