"""Commands as they are typed."""

from __future__ import annotations

from flatsplit.cli.output import one_line
from flatsplit.model import SPLIT, WalkName


def typed(verb: str, walk: WalkName) -> str:
    """``flatsplit next``, and for another walk than the split which one is meant."""
    return f"flatsplit {verb}" if walk == SPLIT else f"flatsplit {verb} {one_line(walk.option)}"
