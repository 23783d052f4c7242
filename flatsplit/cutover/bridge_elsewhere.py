"""Other databases in which a special role may work over its bridge: a membership belongs to the whole cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flatsplit.config.special import heading
from flatsplit.planning.situation import Situation
from flatsplit.walks import role as keys
from flatsplit.walks import used_elsewhere
from flatsplit.words import listed

SHOWN = 3


def reached(situation: Situation[Any]) -> Iterator[str]:
    """A line where the role that a special role begins like is used by other databases."""
    special = situation.config.special_role(situation.name.subject) if situation.name.kind == keys.NAME else None
    if special is None or keys.BRIDGE not in situation.kind.keys:
        return
    if databases := used_elsewhere.used(situation.live, special.like):
        yield (
            f"from {keys.BRIDGE} to {keys.NARROW} {special.name} may do what {special.like} may in other databases "
            f"too: {listed(databases, SHOWN)}; where that is too much, take `like` out of {heading(special.name)}, "
            f"and list its rights under {heading(special.name, 'grants')}"
        )
