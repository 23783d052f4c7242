"""Where the statements come from that legacy ran."""

from flatsplit.evidence.rehearsal.sources.files import read_file
from flatsplit.evidence.rehearsal.sources.statistics import read_statistics

__all__ = ["read_file", "read_statistics"]
