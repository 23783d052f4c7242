"""What a look at the powers of owners finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from flatsplit.model import ObjectRef


class Lost(NamedTuple):
    """Something that would do something else under its new owner."""

    object: ObjectRef
    owner: str
    """The new owner."""
    reason: str
    """One line that names the object."""
    rows: bool = False
    """Whether it would see or change other rows, so that BYPASSRLS helps."""
    fix: str = ""
    """The statement that helps, where there is one."""
    parameters: tuple[str, ...] = ()
    """The settings that the new owner may not set, where it lacks nothing else."""


@dataclass(frozen=True)
class Powers:
    """What was found."""

    lost: tuple[Lost, ...] = ()
    unread: tuple[ObjectRef, ...] = ()
    """Routines of a legacy with special powers that cannot be analysed completely."""
    unmatched: tuple[str, ...] = ()
    """Names under [owner-powers] that match nothing."""


NO_POWERS = Powers()
"""The result where nobody looked or nothing was found."""
