"""What is true at this moment and in no catalog: who is connected, who holds a lock, how far standbys are behind."""

from flatsplit.evidence.locks import Holder, holders
from flatsplit.evidence.matrix import matrix
from flatsplit.evidence.reach import unreachable
from flatsplit.evidence.replication import worst_lag
from flatsplit.evidence.sessions import read_sessions

__all__ = ["Holder", "holders", "matrix", "read_sessions", "unreachable", "worst_lag"]
