"""``tenants --prove``: tries whether tenants are kept apart, and records the result."""

from __future__ import annotations

from collections.abc import Callable

from flatsplit.catalog import read_people
from flatsplit.catalog.structure import read_structure
from flatsplit.config import Config
from flatsplit.connection import Session
from flatsplit.cutover.role_names import refuse_renamed, renamed_at_a_glance
from flatsplit.errors import UsageError
from flatsplit.evidence import isolation
from flatsplit.evidence.isolation import EVENT, Choice, Proof
from flatsplit.journal import Journal
from flatsplit.tenants import Survey
from flatsplit.tenants import survey as surveyed

WALK = "tenants"


def prove(
    session: Session, config: Config, choice: Choice, progress: Callable[[int, int], None] = lambda *_: None
) -> Proof:
    """Judge the catalog and try what tenants must not be able to do. A summary is recorded where a walk over tenants is
    kept.

    Raises UsageError where flatsplit.toml has no tenants, or where there are none yet, and Refused where one of their
    roles was renamed.
    """
    refuse_renamed(renamed_at_a_glance(session, config, read_people(session.driver)))
    proof = isolation.prove(session.driver, known(session, config), config.schemas, choice, progress)
    _record(session, config, proof)
    return proof


def known(session: Session, config: Config) -> Survey:
    """The kind of each table. Raises UsageError where that is not clear."""
    if config.tenants is None:
        raise UsageError(
            "flatsplit.toml has no section [tenants]",
            "flatsplit tenants --survey says which table is whose, and what to write down",
        )
    found = surveyed(config.tenants, read_structure(session.driver, config.schemas))
    if found.root is None or not found.key_type:
        why = found.wrong[0] if found.wrong else "the root has no key"
        raise UsageError(why, "flatsplit tenants --survey says which tables could be the root")
    return found


def _record(session: Session, config: Config, proof: Proof) -> None:
    journal = Journal(session)
    if not journal.exists():
        return
    journal.require_current([config.legacy_role])
    record = next((record for record in journal.walks() if record.walk.kind == WALK), None)
    if record is None:
        return
    details = {
        "digest": proof.digest,
        "isolated": proof.isolated,
        "open_holes": [hole.subject for hole in proof.open_holes],
        "tenants": proof.tenants,
        "tried": len(proof.tried),
        "seed": proof.seed,
        "lsn": proof.lsn,
        "breaches": len(proof.breaches),
        "breached": [[one.key, one.subject] for one in proof.breaches],
        "failures": len(proof.failures),
        "crossing": proof.crossing,
    }
    said = "kept apart" if proof.isolated else "not kept apart"
    with session.transaction():
        text = f"{len(proof.tried):,} of {proof.tenants:,} tenants tried: {said}"
        journal.of(record).event(EVENT, None, text, details)
