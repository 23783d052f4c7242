"""What the steps of a rotation need besides the State: whose password it is, and what was first seen of it."""

from __future__ import annotations

from dataclasses import dataclass

from flatsplit.config import Config
from flatsplit.model import State


@dataclass(frozen=True)
class Context:
    """Whose password it is."""

    config: Config
    baseline: State
    """The role as it was before."""
    role: str
    """The subject of the walk."""
