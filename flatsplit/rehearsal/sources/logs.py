"""Server logs as a source: which statements of which roles are in them. :mod:`flatsplit.logs` reads the formats."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from flatsplit import logs
from flatsplit.connection import APPLICATION_NAME
from flatsplit.rehearsal import grammar
from flatsplit.rehearsal.values import Heard, is_own

_SPELLED = re.compile(r"\b(nextval|currval|setval|lo_\w+|set_config|regclass|set|lock|truncate)\b", re.IGNORECASE)
"""Where a constant tells which object is meant: statements that differ in it are different statements."""


@dataclass
class _Group:
    text: str
    sent: bool = False
    """Whether a client is known to have sent it; auto_explain also logs what routines run."""
    runs: Counter[str] = field(default_factory=Counter)
    """By application_name, as ``other`` is."""
    other: Counter[str] = field(default_factory=Counter)
    """Messages about a step before it runs, or about its plan: the same run may have a message of its own."""

    def heard(self, shape: str) -> Heard:
        calls = self.runs or self.other
        applications = {name: count for name, count in calls.items() if name}
        return Heard(self.text, calls.total(), True if self.sent else None, shape, applications)


def read_log(entries: Iterable[logs.Entry], roles: frozenset[str], database: str) -> list[Heard]:
    """Distinct statements of these roles in this database. Those without a role count as theirs: on stderr only
    log_line_prefix tells it.
    """
    return _collect(
        (entry.message, entry.application)
        for entry in entries
        if entry.severity == "LOG" and entry.user in (*roles, "") and entry.database in (database, "")
    )


def _collect(messages: Iterable[tuple[str, str]]) -> list[Heard]:
    """Distinct statements; those that differ in constants only are one, shown without them."""
    groups: dict[str, _Group] = {}
    shapes: dict[str, str] = {}
    for message, application in messages:
        logged = logs.logged(message)
        said = logged.text if logged is not None else logs.explained(message)
        if not said or application == APPLICATION_NAME or is_own(said):
            continue
        for text in _single(said.strip()):
            shape = shapes.get(text)
            if shape is None:
                shape = shapes[text] = grammar.normalized(text)
            group = groups.setdefault(text if _SPELLED.search(shape) else shape, _Group(text))
            counted = group.other if logged is None or logged.early else group.runs
            counted[application] += 1
            group.sent = group.sent or logged is not None
    found = [group.heard(shapes[group.text]) for group in groups.values()]
    return sorted(found, key=lambda each: (-each.calls, each.text))


def _single(text: str) -> list[str]:
    """A logged message may hold several statements in one string."""
    if ";" not in text.rstrip("; \n"):
        return [text] if text else []
    return [each.strip() for each in grammar.split(text) if each.strip()]
