"""What the roles of each walk can and cannot do: the four of the split, and special roles, as far as each walk has
come.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flatsplit.cutover.situation import Situation
from flatsplit.model import SPLIT, Check, State
from flatsplit.rights import special
from flatsplit.rights.matrix import matrix
from flatsplit.walks import role as keys
from flatsplit.walks.role.context import Context


class Promise(NamedTuple):
    """A special role that has been granted its list."""

    context: Context
    opened: bool
    """It may log in."""
    bridged: bool = False
    """It has another role's rights besides."""


def special_roles(situation: Situation) -> Iterator[Promise]:
    """The special roles of all kept walks."""
    first = situation.turned(SPLIT)
    for name in (first.name, *(link.name for link in first.others)):
        if name.kind == keys.NAME:
            one = situation.turned(name)
            done = one.kind.keys[: one.done]
            if keys.GRANT in done:
                yield Promise(one.context, keys.OPEN in done, keys.NARROW in one.kind.keys and keys.NARROW not in done)


def checks(situation: Situation, state: State) -> tuple[Check, ...]:
    """The matrix of this walk: of the four roles, or of a special role."""
    if situation.name.kind == keys.NAME:
        mine = (one for one in special_roles(situation) if one.context.role == situation.name.subject)
        return tuple(check for one in mine for check in special.matrix(state, one.context, bridged=one.bridged))
    first = situation.turned(SPLIT)
    return matrix(first.desired(first.done), first.context, first.done)


def all_checks(situation: Situation) -> tuple[Check, ...]:
    """The matrix of the whole database: of the four roles, then of special roles."""
    first = situation.turned(SPLIT)
    others = (special.matrix(first.live, one.context, bridged=one.bridged) for one in special_roles(situation))
    return (*matrix(first.live, first.context, first.done), *(check for some in others for check in some))
