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
    calls: int = 0
    applications: Counter[str] = field(default_factory=Counter)


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
        if logged is None or application == APPLICATION_NAME or is_own(logged.text):
            continue
        for text in _single(logged.text.strip()):
            shape = shapes.get(text)
            if shape is None:
                shape = shapes[text] = grammar.normalized(text)
            group = groups.setdefault(text if _SPELLED.search(shape) else shape, _Group(text))
            group.calls += 1
            if application:
                group.applications[application] += 1
    found = [
        Heard(group.text, group.calls, True, shapes[group.text], dict(group.applications)) for group in groups.values()
    ]
    return sorted(found, key=lambda each: (-each.calls, each.text))


def _single(text: str) -> list[str]:
    """A logged message may hold several statements in one string."""
    if ";" not in text.rstrip("; \n"):
        return [text] if text else []
    return [each.strip() for each in grammar.split(text) if each.strip()]
