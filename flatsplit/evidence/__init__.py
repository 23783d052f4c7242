"""What is true at this moment and in no catalog: who is connected, who holds a lock, how far standbys are behind."""

from flatsplit.evidence.locks import Holder, holders
from flatsplit.evidence.matrix import matrix
from flatsplit.evidence.reach import opening, unreachable
from flatsplit.evidence.replication import worst_lag
from flatsplit.evidence.sessions import NOBODY, looks_pooled, read_sessions, server_clock

__all__ = [
    "NOBODY",
    "Holder",
    "holders",
    "looks_pooled",
    "matrix",
    "opening",
    "read_sessions",
    "server_clock",
    "unreachable",
    "worst_lag",
]
