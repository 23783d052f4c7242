"""Server logs: reads their formats. Pure. What an entry means is worked out elsewhere."""

from flatsplit.logs.entry import Entry
from flatsplit.logs.jsonlog import of_row
from flatsplit.logs.languages import (
    Logged,
    has_entered,
    has_left,
    inner_statement,
    is_duration,
    is_refused,
    is_withheld,
    logged,
    not_let_in,
)
from flatsplit.logs.plans import explained
from flatsplit.logs.reading import SAMPLE, Format, entries, sniff
from flatsplit.logs.scan import Scan
from flatsplit.logs.words import Word

__all__ = [
    "SAMPLE",
    "Entry",
    "Format",
    "Logged",
    "Scan",
    "Word",
    "entries",
    "explained",
    "has_entered",
    "has_left",
    "inner_statement",
    "is_duration",
    "is_refused",
    "is_withheld",
    "logged",
    "not_let_in",
    "of_row",
    "sniff",
]
