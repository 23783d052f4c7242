"""The kinds of walk that there are. Another one is a package beside ``split`` and a line here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flatsplit.walks.group.kind import GROUP
from flatsplit.walks.kind import Kind
from flatsplit.walks.leave.kind import LEAVE
from flatsplit.walks.role.kind import ROLE
from flatsplit.walks.rotate.kind import ROTATE
from flatsplit.walks.split.kind import SPLIT
from flatsplit.walks.tenants.kind import TENANTS
from flatsplit.walks.trail.kind import TRAIL

KINDS: dict[str, Kind[Any]] = {kind.name: kind for kind in (SPLIT, GROUP, ROTATE, ROLE, TRAIL, TENANTS, LEAVE)}
"""The kinds by name, in the order in which they are listed."""


def begun_by_people() -> tuple[Kind[Any], ...]:
    """The kinds that ``begin`` begins: all but the split, which ``init`` begins."""
    return tuple(kind for kind in KINDS.values() if kind is not SPLIT)


@contextmanager
def registered(kind: Kind[Any]) -> Iterator[None]:
    """Register one more kind while the body runs, as a newer release or a test has it."""
    former = KINDS.get(kind.name)
    KINDS[kind.name] = kind
    try:
        yield
    finally:
        del KINDS[kind.name]
        if former is not None:
            KINDS[kind.name] = former
