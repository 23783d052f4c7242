"""Who did this: acts found in what the server wrote down, with outcome and a judgement by role and address.

Parsing and judging are pure; :mod:`~flatsplit.trail.files` reads files and :mod:`~flatsplit.trail.server` asks the
server. Nothing here writes.
"""

from flatsplit.trail.asked import Filter, asked
from flatsplit.trail.files import log_files
from flatsplit.trail.hiding import without_constants, without_secrets
from flatsplit.trail.judging import Cast, judge
from flatsplit.trail.knowing import known, named
from flatsplit.trail.reading import Progress, read_files
from flatsplit.trail.recorded import recorded
from flatsplit.trail.search import Search, is_watched
from flatsplit.trail.server import ServerLogging
from flatsplit.trail.times import written
from flatsplit.trail.values import JUDGEMENTS, Deed, Source, Trail

__all__ = [
    "JUDGEMENTS",
    "Cast",
    "Deed",
    "Filter",
    "Progress",
    "Search",
    "ServerLogging",
    "Source",
    "Trail",
    "asked",
    "is_watched",
    "judge",
    "known",
    "log_files",
    "named",
    "read_files",
    "recorded",
    "without_constants",
    "without_secrets",
    "written",
]
