"""Who did something: acts in what the server recorded, with their outcome and a judgement by role and address.

Parsing and judging are pure; :mod:`~flatsplit.trail.files` reads files and :mod:`~flatsplit.trail.server` asks the
server. Nothing here writes.
"""

from flatsplit.trail.files import log_files
from flatsplit.trail.known_logins import known, named
from flatsplit.trail.query import Filter, parse_query
from flatsplit.trail.reading import Progress, read_files
from flatsplit.trail.recorded import recorded
from flatsplit.trail.redaction import without_constants, without_secrets
from flatsplit.trail.search import Search, is_watched
from flatsplit.trail.server import ServerLogging
from flatsplit.trail.suspicion import Cast, judge
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
    "is_watched",
    "judge",
    "known",
    "log_files",
    "named",
    "parse_query",
    "read_files",
    "recorded",
    "without_constants",
    "without_secrets",
    "written",
]
