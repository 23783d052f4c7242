"""rehearsed: what the rehearsals on record say about the switch.

Bad news keeps until a later rehearsal of the same kind (the statistics, or a file) is better: the statement that was
found will fail again. Good news ages: the application learns new statements, and what was reasoned from the blueprint
before ownership moved was tried with other rights than those of the day. A clean rehearsal that is too old counts as
none.

Where there is none, ``[gates] rehearsal`` decides. ``advised`` lets the switch go on and says so: a database without
pg_stat_statements may have nothing to rehearse, and whoever scripts a cutover of a new database has no old statements.
``required`` waits.

DDL does not close the gate. pg_stat_statements remembers every migration that ran as legacy since its last reset, and
no second rehearsal could take that back, so the gate would stay closed for ever. That the migration tool has moved is
what ``seen`` waits for; here the number is said, so that somebody looks whether the application itself runs DDL.
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
"""Kind of the journal event that keeps a summary."""

CLOSING = ("denied", "silent")
"""Verdicts that close the gate."""


@dataclass(frozen=True, slots=True)
class Past:
    """A rehearsal on record."""

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
        """How to have it again."""
        return "flatsplit rehearse" + (f" --file {shlex.quote(self.file)}" if self.file else "")


def judge(asked: Asked[Context]) -> GateResult:
    """As the last rehearsals for app_user say."""
    return gate(
        past(asked.journal),
        blueprint.application(asked.context.config),
        asked.records[split.TRANSFER_OWNERSHIP].finished_at,
        server_clock(asked.session.driver),
        asked.context.config.gates,
        missing(asked.session.driver),
    )


def past(journal: Journal) -> list[Past]:
    """The rehearsals on record, oldest first."""
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
    """The gate for ``role``. ``past``: oldest first; ``moved``: since when it counts, and ``what`` happened then;
    ``missing``: why there is nothing to rehearse by itself, "" where pg_stat_statements is at hand.
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
            f"take the remedies that `{bad[0].command}` names, then run it again",
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
