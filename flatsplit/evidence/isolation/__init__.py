"""Proves that tenants are kept apart: by the catalog for all of them, by acts tried as some or all, and by counts.

The catalog is read once (:mod:`.facts`) and judged without a server (:mod:`.closure`, :mod:`.holes`). What is tried is
written in :mod:`.acts` and run in :mod:`.proof`.
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
