"""``doctor``: looks for hazards in the database as it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flatsplit import blueprint, hazards
from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.cutover.survey import before_init
from flatsplit.cutover.walk import Walk
from flatsplit.journal import Journal
from flatsplit.model import Finding, State
from flatsplit.walks.split.context import Context

if TYPE_CHECKING:
    from flatsplit.evidence.rows_alike import RowCounts


def doctor(session: Session, config: Config) -> tuple[Finding, ...]:
    """The hazards in the cutover that is under way; before ``init``, in one as it would be."""
    state, context, _ = _world(session, config)
    return hazards.find(session.driver, state, context)


def count_rows(session: Session, config: Config, limit: timedelta) -> list[RowCounts]:
    """How many rows legacy and app_user see of tables whose policies depend on the role; recorded where there is a
    journal.

    Each count may take ``limit``. One that takes longer, or that is not allowed, says so instead.
    """
    from flatsplit.evidence.rows_alike import compare

    state, context, journal = _world(session, config)
    legacy, app = context.legacy, blueprint.application(config)
    tables = hazards.tables_in_question(session.driver, state, context)
    counted = compare(session.driver, legacy=legacy, app=app, tables=tables, limit=limit)
    if journal is not None and counted:
        same = sum(one.alike for one in counted)
        said = f"{app} sees what {legacy} sees in {same} of {len(counted)} tables"
        with session.driver.transaction():
            journal.event("rows", None, said, {"role": app, "tables": [one._asdict() for one in counted]})
    return counted


def _world(session: Session, config: Config) -> tuple[State, Context, Journal | None]:
    if Journal(session).exists():
        walk = Walk.open(session, config)
        situation = walk.situation()
        return situation.live, situation.context, walk.journal
    state, context = before_init(session, config)
    return state, context, None
