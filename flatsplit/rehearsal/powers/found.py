"""What a look at the powers of owners finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from flatsplit.model import ObjectRef


class Lost(NamedTuple):
    """Something that would do something else as its new owner."""

    object: ObjectRef
    owner: str
    """The new one."""
    reason: str
    """One line, which names the object."""
    rows: bool = False
    """It would see or change other rows: BYPASSRLS helps."""
    fix: str = ""
    """The statement that helps, where there is one."""


@dataclass(frozen=True)
class Powers:
    """What was found."""

    lost: tuple[Lost, ...] = ()
    unread: tuple[ObjectRef, ...] = ()
    """Routines of a legacy with special powers that cannot be read to their end."""
    unmatched: tuple[str, ...] = ()
    """Names under [owner-powers] that nothing is called."""


NO_POWERS = Powers()
"""Where nobody looked, or nothing was found."""
