"""That tenants are kept apart: by the catalog for all of them, by acts as some or all, by sums against the truth.

What the catalog says is read once (:mod:`.facts`) and judged without a server (:mod:`.closure`, :mod:`.holes`); what is
tried is written in :mod:`.acts` and runs in :mod:`.trying`.
"""

from flatsplit.evidence.isolation.facts import Facts, read_facts
from flatsplit.evidence.isolation.proof import Choice, prove, read_tenants
from flatsplit.evidence.isolation.values import EVENT, Breach, Failure, Hole, Proof, Sums, TableProof

__all__ = [
    "EVENT",
    "Breach",
    "Choice",
    "Facts",
    "Failure",
    "Hole",
    "Proof",
    "Sums",
    "TableProof",
    "prove",
    "read_facts",
    "read_tenants",
]
