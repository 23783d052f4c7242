"""``blast-radius``: what each role could do, as things are and with every step done."""

from __future__ import annotations

from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.cutover.survey import before_init
from flatsplit.cutover.walk import Walk
from flatsplit.journal import Journal
from flatsplit.model import State
from flatsplit.rights.exposure import BlastRadius, Exposure, exposures
from flatsplit.server.surroundings import surroundings
from flatsplit.walks import split
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.kind import through


def blast_radius(session: Session, config: Config) -> BlastRadius:
    """In the cutover that is under way, or before ``init`` in one as it would be."""
    if Journal(session).exists():
        situation = Walk.open(session, config).situation()
        return radius(session, situation.live, situation.context, situation.done)
    state, context = before_init(session, config)
    return radius(session, state, context, done=0)


def radius(session: Session, live: State, context: Context, done: int) -> BlastRadius:
    """Of this moment and of the end. What the steps want is a function of what is, so nothing has to be run for it."""
    around = surroundings(session.driver)
    roles = (context.legacy, *context.config.roles.new)
    return BlastRadius(
        database=live.target.database,
        today=exposures(live, around, roles),
        after=exposures(through(live, context, split.REVOKE_LEGACY), around, roles),
        complete=done == len(split.STEP_KEYS),
    )


def first_radius(session: Session, origin: State, context: Context) -> tuple[Exposure, ...]:
    """What legacy could do before anything was changed."""
    return exposures(origin, surroundings(session.driver), (context.legacy,))
