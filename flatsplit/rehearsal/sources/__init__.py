"""Where the statements come from that legacy ran."""

from flatsplit.rehearsal.sources.files import read_file
from flatsplit.rehearsal.sources.statistics import missing, read_statistics

__all__ = ["missing", "read_file", "read_statistics"]
