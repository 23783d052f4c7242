"""``blast-radius``: what each role could do, now and after every step."""

from __future__ import annotations

from collections.abc import Sequence

from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.cutover.situation import Situation
from flatsplit.cutover.survey import before_init
from flatsplit.cutover.walk import Walk
from flatsplit.journal import Journal
from flatsplit.model import SPLIT, State
from flatsplit.planning.chain import KeptWalk
from flatsplit.rights.exposure import BlastRadius, Exposure, exposures
from flatsplit.server.blast_radius_facts import surroundings
from flatsplit.walks import split, tenants
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.kind import through


def blast_radius(session: Session, config: Config) -> BlastRadius:
    """The blast radius in the cutover that is under way; before ``init``, in one as it would be."""
    if Journal(session).exists():
        return of_situation(session, Walk.open(session, config).situation())
    state, context = before_init(session, config)
    return radius(session, state, context, done=0)


def of_situation(session: Session, situation: Situation) -> BlastRadius:
    """The blast radius with all kept walks: now, and at the end of all of them, with the roles they make."""
    first = situation.turned(SPLIT)
    return radius(session, first.live, first.context, first.done, first.others)


def radius(session: Session, live: State, context: Context, done: int, others: Sequence[KeptWalk] = ()) -> BlastRadius:
    """The exposure of each role now and at the end. The end is computed from the State by the steps; nothing is run."""
    around = surroundings(session.driver)
    made = [role for link in others for role in _makes(link)]
    roles = tuple(dict.fromkeys((context.legacy, *context.config.roles.new, *made)))
    end = through(live, context, split.REVOKE_LEGACY)
    for link in others:
        end = link.kind.through(end, link.context, len(link.kind.steps))
    return BlastRadius(
        database=live.target.database,
        today=exposures(live, around, roles),
        after=exposures(end, around, roles),
        complete=done == len(split.STEP_KEYS),
        tenants=tuple(role for link in others if link.kind.name == tenants.NAME for role in _makes(link)[1:2]),
        pools=tuple(role for link in others if link.kind.name == tenants.NAME for role in _makes(link)[2:]),
    )


def _makes(link: KeptWalk) -> tuple[str, ...]:
    """The roles that a walk makes. Of tenants' roles only one, since all can do the same, with the group and the
    pooler's role.
    """
    made = tuple(link.kind.makes(link.context))
    if link.kind.name != tenants.NAME:
        return made
    pool: str = link.context.pool
    return (*[role for role in made if role != pool][:2], *([pool] if pool else ()))


def first_radius(session: Session, origin: State, context: Context) -> tuple[Exposure, ...]:
    """What legacy could do before anything was changed."""
    return exposures(origin, surroundings(session.driver), (context.legacy,))
