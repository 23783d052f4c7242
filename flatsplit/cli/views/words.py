"""Commands as they are typed."""

from __future__ import annotations

from flatsplit.cli.output import one_line
from flatsplit.model import WalkName


def typed(verb: str, walk: WalkName, *, several: bool) -> str:
    """The command, with ``--walk`` for another walk than the split, and where ``several`` are kept."""
    return one_line(walk.typed(verb, several=several))
