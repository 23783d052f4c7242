"""``doctor``: the hazards of the database as it is."""

from __future__ import annotations

from flatsplit import hazards
from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.cutover.survey import before_init
from flatsplit.cutover.walk import Walk
from flatsplit.journal import Journal
from flatsplit.model import Finding


def doctor(session: Session, config: Config) -> tuple[Finding, ...]:
    """In the cutover that is under way, or before ``init`` in one as it would be."""
    if Journal(session).exists():
        situation = Walk.open(session, config).situation()
        return hazards.find(session.driver, situation.live, situation.context)
    state, context = before_init(session, config)
    return hazards.find(session.driver, state, context)
