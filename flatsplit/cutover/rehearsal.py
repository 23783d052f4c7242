"""``rehearse``: which statements, for which role, and the result on record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flatsplit.config import PURPOSES
from flatsplit.errors import UsageError
from flatsplit.evidence import rehearsal
from flatsplit.evidence.rehearsal import Outcome, Progress, Rehearsal
from flatsplit.journal import Journal
from flatsplit.steps import ORDINAL

if TYPE_CHECKING:
    from flatsplit.cutover.situation import Situation
    from flatsplit.cutover.walk import Walk

EVENT = "rehearsed"
"""Kind of the journal event that keeps a summary."""


def rehearse(walk: Walk, *, file: Path | None, role: str | None, progress: Progress) -> Rehearsal:
    """Rehearses what legacy ran, or what stands in a file, as app_user or as ``role``; the summary is kept."""
    situation = walk.situation()
    name = _role(situation, role)
    legacy = situation.config.legacy_role
    database = situation.live.target.database
    if file is not None:
        kind, statements = rehearsal.read_file(file, frozenset({legacy}), database)
        source = f"{kind} {file}"
    else:
        statements = rehearsal.read_statistics(walk.session.driver, [legacy])
        source = f"pg_stat_statements of {legacy} in {database}"
    goal = situation.desired(max(situation.done, ORDINAL["enable-login"]))
    company = rehearsal.Company(walk.session, situation.live, goal, situation.context, name)
    found = company.rehearse(statements, source, situation.config.locks.lock_timeout, progress)
    _record(walk, found)
    return found


def _role(situation: Situation, role: str | None) -> str:
    """The role that is meant: by its purpose, or by its name."""
    roles = situation.config.roles
    if role is None:
        return roles.app_user
    if role in roles.new or role in situation.live.roles:
        return role
    if role in PURPOSES and getattr(roles, role):
        return str(getattr(roles, role))
    raise UsageError(f"there is no role {role!r}", f"name one of {', '.join(roles.new)}")


def _record(walk: Walk, found: Rehearsal) -> None:
    counts = ", ".join(f"{count} {outcome}" for outcome, count in found.summary.items() if count)
    details = {
        "role": found.role,
        "basis": found.basis,
        "source": found.source,
        "summary": dict(found.summary),
        "ok": found.ok,
    }
    with walk.session.transaction():
        walk.journal.event(EVENT, None, f"as {found.role}: {counts}", details)


def last_summary(journal: Journal, role: str) -> Mapping[Outcome, int] | None:
    """Counts of the last rehearsal as this role, None where there was none: what a gate looks at."""
    for event in reversed(journal.events(EVENT)):
        if event.details.get("role") == role:
            summary: Mapping[Outcome, int] = event.details["summary"]
            return summary
    return None
