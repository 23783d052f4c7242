"""``tenants``: which table belongs to a tenant how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flatsplit.catalog.structure import read_structure
from flatsplit.config import Config, Tenants
from flatsplit.connection import Session
from flatsplit.errors import UsageError
from flatsplit.evidence.tenantrows import Rows, count
from flatsplit.model import ObjectRef
from flatsplit.tenants import Candidate, Structure, Survey, candidates
from flatsplit.tenants import survey as surveyed
from flatsplit.tenants.survey import proposal


@dataclass(frozen=True, slots=True)
class Found:
    """What a survey found."""

    structure: Structure
    candidates: tuple[Candidate, ...]
    survey: Survey
    proposed: bool
    """The configuration says nothing of tenants yet: the survey goes by the likeliest root."""
    rows: Mapping[ObjectRef, Rows] = field(default_factory=dict)
    """Counted, where that was asked for."""


def survey(session: Session, config: Config, *, rows: bool = False) -> Found:
    """Look at keys and foreign keys, and at rows if asked to. Raises UsageError where no table can be the root."""
    structure = read_structure(session.driver, config.schemas)
    ranked = tuple(candidates(structure))
    tenants: Tenants | None = config.tenants or proposal(ranked)
    if tenants is None:
        raise UsageError(
            f"no table in {', '.join(config.schemas)} has a primary key that others name",
            'if there is one nevertheless, say so in flatsplit.toml: [tenants] root = "public.accounts"',
        )
    found = surveyed(tenants, structure)
    owners = {ref: table.owner for ref, table in structure.tables.items()}
    counted = count(session.driver, found, owners) if rows and found.root is not None and found.key_type else {}
    return Found(structure, ranked, found, config.tenants is None, counted)
